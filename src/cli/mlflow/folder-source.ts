import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import { KedgeError } from '../../errors.ts'
import { createLocalFiles } from './local-files.ts'
import {
  loggedModelStatus,
  type MlflowSource,
  runStatus,
  type SourceExperiment,
  type SourceLoggedModel,
  type SourceModel,
  type SourceRun,
} from './mlflow-source.ts'

type Meta = Record<string, unknown>

const pageSize = 10_000
const text = (value: unknown) => (value === null || value === undefined ? null : String(value))
const whole = (value: unknown) => (value === null || value === undefined || value === '' ? null : Number(value))

/** An `mlruns` folder, the file store of MLflow: one folder an experiment, one a run, one file a value. */
export function openMlflowFolder(root: string, artifactFolders: readonly string[] = []): MlflowSource {
  if (!existsSync(root)) throw new KedgeError('not_found', { kind: 'Folder', name: root })
  const localFiles = createLocalFiles([root, ...artifactFolders])

  const meta = async (folder: string): Promise<Meta | undefined> => {
    const content = await readFile(join(folder, 'meta.yaml'), 'utf8').catch(() => undefined)
    if (content === undefined) return undefined
    try {
      return parse(content) as Meta
    } catch (cause) {
      throw new KedgeError('invalid_input', { what: `${join(folder, 'meta.yaml')} is not YAML` }, { cause })
    }
  }
  const folders = async (folder: string) =>
    (await readdir(folder, { withFileTypes: true }).catch(() => []))
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort()
  /** Each file is a value; its path below the folder is the key. */
  const values = async (folder: string): Promise<Record<string, string>> => {
    const found: Record<string, string> = {}
    for (const key of await keys(folder)) found[key] = await readFile(join(folder, key), 'utf8')
    return found
  }
  const keys = async (folder: string) =>
    (await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .sort()

  const places = new Map<string, string>()
  async function placeOf(experimentId: string): Promise<string> {
    if (places.size === 0) for await (const _ of source.experiments());
    return places.get(experimentId) ?? join(root, experimentId)
  }

  async function readRun(folder: string, info: Meta): Promise<SourceRun> {
    const experiment = join(folder, '..')
    const datasets: SourceRun['datasets'] = []
    const inputModels: string[] = []
    for (const name of await folders(join(folder, 'inputs'))) {
      const input = await meta(join(folder, 'inputs', name))
      if (!input) continue
      if (input.source_type === 'DATASET') {
        const dataset = await meta(join(experiment, 'datasets', String(input.source_id)))
        if (!dataset) continue
        datasets.push({
          name: String(dataset.name),
          digest: String(dataset.digest),
          sourceType: String(dataset.source_type ?? ''),
          source: String(dataset.source ?? ''),
          schema: text(dataset.schema),
          profile: text(dataset.profile),
          tags: Object.entries((input.tags as Record<string, unknown>) ?? {}).map(([key, value]) => ({
            key,
            value: String(value),
          })),
        })
      } else inputModels.push(String(input.source_id))
    }
    const outputModels = []
    for (const name of await folders(join(folder, 'outputs'))) {
      const output = await meta(join(folder, 'outputs', name))
      if (output) outputModels.push({ id: name, step: Number(output.step ?? 0) })
    }
    const id = String(info.run_id ?? info.run_uuid)
    const tags = await values(join(folder, 'tags'))
    return {
      id,
      experimentId: String(info.experiment_id),
      name: String(info.run_name || tags['mlflow.runName'] || info.name || id),
      user: String(info.user_id ?? ''),
      status: runStatus(info.status),
      startTime: whole(info.start_time),
      endTime: whole(info.end_time),
      state: info.lifecycle_stage === 'deleted' ? 'deleted' : 'active',
      deletedAt: whole(info.deleted_time),
      params: await values(join(folder, 'params')),
      tags,
      datasets,
      inputModels,
      outputModels,
      artifacts: String(info.artifact_uri ?? join(folder, 'artifacts')),
    }
  }

  const source: MlflowSource = {
    title: `the folder ${root}`,

    async *experiments() {
      for (const parent of [root, join(root, '.trash')])
        for (const name of await folders(parent)) {
          const folder = join(parent, name)
          const info = await meta(folder)
          if (!info || info.experiment_id === undefined) continue
          const id = String(info.experiment_id)
          places.set(id, folder)
          yield {
            id,
            name: String(info.name),
            state: info.lifecycle_stage === 'deleted' ? 'deleted' : 'active',
            createdAt: whole(info.creation_time) ?? 0,
            updatedAt: whole(info.last_update_time) ?? 0,
            tags: await values(join(folder, 'tags')),
          } satisfies SourceExperiment
        }
    },

    async *runs(experimentId) {
      const experiment = await placeOf(experimentId)
      for (const name of await folders(experiment)) {
        const folder = join(experiment, name)
        const info = await meta(folder)
        if (info && (info.run_id ?? info.run_uuid) !== undefined) yield await readRun(folder, info)
      }
    },

    async *points(run) {
      const folder = join(await placeOf(run.experimentId), run.id, 'metrics')
      let page = []
      for (const key of await keys(folder)) {
        for (const line of (await readFile(join(folder, key), 'utf8')).split('\n')) {
          if (line.trim() === '') continue
          const [time, value, step] = line.trim().split(' ')
          page.push({ key, time: Number(time), value: pythonNumber(value ?? ''), step: Number(step ?? 0) })
          if (page.length < pageSize) continue
          yield page
          page = []
        }
      }
      if (page.length > 0) yield page
    },

    async *loggedModels(experimentId) {
      const experiment = await placeOf(experimentId)
      for (const name of await folders(join(experiment, 'models'))) {
        const folder = join(experiment, 'models', name)
        const info = await meta(folder)
        if (!info) continue
        const metrics: SourceLoggedModel['metrics'] = []
        for (const key of await keys(join(folder, 'metrics')))
          for (const line of (await readFile(join(folder, 'metrics', key), 'utf8')).split('\n')) {
            if (line.trim() === '') continue
            const [time, value, step, run, datasetName = '', datasetDigest = ''] = line.trim().split(' ')
            metrics.push({
              key,
              time: Number(time),
              value: pythonNumber(value ?? ''),
              step: Number(step ?? 0),
              run: run ?? '',
              datasetName,
              datasetDigest,
            })
          }
        yield {
          id: String(info.model_id ?? name),
          experimentId,
          name: String(info.name ?? name),
          type: String(info.model_type ?? ''),
          status: loggedModelStatus(info.status),
          sourceRun: text(info.source_run_id),
          createdAt: whole(info.creation_timestamp) ?? 0,
          updatedAt: whole(info.last_updated_timestamp) ?? 0,
          state: info.lifecycle_stage === 'deleted' ? 'deleted' : 'active',
          params: await values(join(folder, 'params')),
          tags: await values(join(folder, 'tags')),
          artifacts: String(info.artifact_location ?? join(folder, 'artifacts')),
          metrics,
        } satisfies SourceLoggedModel
      }
    },

    async *models() {
      for (const name of await folders(join(root, 'models'))) {
        const folder = join(root, 'models', name)
        const info = await meta(folder)
        if (!info) continue
        const versions: SourceModel['versions'] = []
        for (const entry of await folders(folder)) {
          const version = entry.startsWith('version-') ? await meta(join(folder, entry)) : undefined
          if (!version || version.current_stage === 'Deleted_Internal') continue
          versions.push({
            version: Number(version.version),
            stage: String(version.current_stage ?? 'None'),
            status: String(version.status ?? 'READY'),
            statusMessage: text(version.status_message),
            description: text(version.description),
            user: text(version.user_id),
            source: String(version.source ?? ''),
            runId: text(version.run_id),
            runLink: text(version.run_link),
            modelId: text(version.model_id),
            createdAt: whole(version.creation_timestamp) ?? 0,
            updatedAt: whole(version.last_updated_timestamp) ?? 0,
            tags: await values(join(folder, entry, 'tags')),
          })
        }
        const aliases = Object.entries(await values(join(folder, 'aliases')))
        yield {
          name: String(info.name ?? name),
          description: text(info.description),
          createdAt: whole(info.creation_timestamp) ?? 0,
          updatedAt: whole(info.last_updated_timestamp) ?? 0,
          tags: await values(join(folder, 'tags')),
          aliases: Object.fromEntries(aliases.map(([alias, version]) => [alias, Number(version)])),
          versions,
        } satisfies SourceModel
      }
    },

    files: (artifacts) => localFiles(artifacts),
    close() {},
  }
  return source
}

/** `nan`, `inf` and `-inf` are Python's. */
export function pythonNumber(value: string): number {
  const known = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY }[
    value.toLowerCase()
  ]
  return known ?? Number(value)
}
