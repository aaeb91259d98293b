import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { pathToFileURL } from 'node:url'
import { parse, stringify } from 'yaml'
import type { SourceExperiment, SourceLoggedModel, SourceRun } from './mlflow-source.ts'
import { runStatuses } from './mlflow-source.ts'
import type { MlflowTarget } from './mlflow-target.ts'

const modelStatuses = ['LOGGED_MODEL_PENDING', 'LOGGED_MODEL_READY', 'LOGGED_MODEL_UPLOAD_FAILED']
const md5 = (...parts: string[]) => createHash('md5').update(parts.join('')).digest('hex')

/** Writes an `mlruns` folder as MLflow's file store has it, with every id as it is. */
export function writeMlflowFolder(root: string): MlflowTarget {
  const problems: string[] = []
  const experiments = new Map<string, { folder: string; experiment: SourceExperiment }>()
  const uri = (path: string) => pathToFileURL(path).href

  /** A path below a folder. Names come from others: one that leads out of it is left out and said. */
  function below(folder: string, name: string): string | undefined {
    const path = resolve(folder, name)
    if (path.startsWith(folder + sep) && !name.includes('\0')) return path
    problems.push(`${JSON.stringify(name)} cannot be the name of a file`)
    return undefined
  }
  async function write(folder: string, name: string, content: string) {
    const path = below(folder, name)
    if (path === undefined) return
    await mkdir(dirname(path), { recursive: true })
    try {
      await writeFile(path, content)
    } catch (error) {
      // `a` and `a/b` cannot both be files
      problems.push(`${path}: ${(error as Error).message}`)
    }
  }
  const writeAll = async (folder: string, values: Record<string, string>) => {
    for (const [key, value] of Object.entries(values)) await write(folder, key, value)
  }
  /** Written last and at once: a folder with it is whole. */
  async function writeMeta(folder: string, fields: Record<string, unknown>): Promise<'created' | 'present'> {
    const path = join(folder, 'meta.yaml')
    const there = await stat(path).catch(() => undefined)
    await mkdir(folder, { recursive: true })
    await writeFile(`${path}.unfinished`, stringify(fields, { lineWidth: 0 }))
    await rename(`${path}.unfinished`, path)
    return there ? 'present' : 'created'
  }

  /** An experiment keeps its place when it was deleted or restored since the last export. */
  async function experimentFolder({ id, state }: SourceExperiment) {
    const place = { active: join(root, id), deleted: join(root, '.trash', id) }
    const other = state === 'active' ? place.deleted : place.active
    if (!(await stat(place[state]).catch(() => undefined)) && (await stat(other).catch(() => undefined))) {
      await mkdir(dirname(place[state]), { recursive: true })
      await rename(other, place[state])
    }
    return place[state]
  }
  const folderOf = (experimentId: string) => experiments.get(experimentId)!.folder
  const runFolder = (run: SourceRun) => join(folderOf(run.experimentId), run.id)
  const modelFolder = (model: SourceLoggedModel) => join(folderOf(model.experimentId), 'models', model.id)

  const runPlaces = new Map<string, string>()
  const modelPlaces = new Map<string, string>()
  /** An address in Kedge as a path of the folder. */
  function sourceHere(address: string): string {
    if (/^(runs|models):/.test(address)) return address
    const [, model, inModel = ''] = /\/models\/(m-[0-9a-f]+)\/artifacts(\/.*)?$/.exec(address) ?? []
    if (model && modelPlaces.has(model)) return uri(join(modelPlaces.get(model)!, 'artifacts', inModel))
    const [, run, inRun = ''] = /\/([0-9a-f]{32})\/artifacts(\/.*)?$/.exec(address) ?? []
    return run && runPlaces.has(run) ? uri(join(runPlaces.get(run)!, 'artifacts', inRun)) : address
  }

  return {
    title: `the folder ${root}`,
    problems,
    hint: `Open it with MLFLOW_ALLOW_FILE_STORE=true and the tracking URI ${uri(root)}, or bring it into a database: mlflow migrate-filestore`,

    async experiment(experiment) {
      const folder = await experimentFolder(experiment)
      experiments.set(experiment.id, { folder, experiment })
      await writeAll(join(folder, 'tags'), experiment.tags)
      await mkdir(join(root, '.trash'), { recursive: true })
      return writeMeta(folder, {
        artifact_location: uri(folder),
        creation_time: experiment.createdAt,
        experiment_id: experiment.id,
        last_update_time: experiment.updatedAt,
        lifecycle_stage: experiment.state,
        name: experiment.name,
      })
    },

    async run(run, points) {
      const folder = runFolder(run)
      runPlaces.set(run.id, folder)
      for (const part of ['metrics', 'params', 'tags', 'artifacts'])
        await mkdir(join(folder, part), { recursive: true })
      await writeAll(join(folder, 'params'), run.params)
      await writeAll(join(folder, 'tags'), run.tags)
      // the points of one metric may come in several pages
      await rm(join(folder, 'metrics'), { recursive: true, force: true })
      await mkdir(join(folder, 'metrics'))
      for await (const page of points)
        for (const [key, own] of Map.groupBy(page, (point) => point.key)) {
          const path = below(join(folder, 'metrics'), key)
          if (path === undefined) continue
          await mkdir(dirname(path), { recursive: true })
          const file = await open(path, 'a')
          await file.write(own.map(({ time, value, step }) => `${time} ${pythonText(value)} ${step}\n`).join(''))
          await file.close()
        }
      for (const { tags, ...dataset } of run.datasets) {
        const id = md5(dataset.name, dataset.digest)
        await writeMeta(join(folderOf(run.experimentId), 'datasets', id), {
          digest: dataset.digest,
          name: dataset.name,
          profile: dataset.profile,
          schema: dataset.schema,
          source: dataset.source,
          source_type: dataset.sourceType,
        })
        await writeMeta(join(folder, 'inputs', md5(id, run.id)), {
          destination_id: run.id,
          destination_type: 'RUN',
          source_id: id,
          source_type: 'DATASET',
          tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
        })
      }
      for (const model of run.inputModels)
        await writeMeta(join(folder, 'inputs', md5(model, run.id)), {
          destination_id: run.id,
          destination_type: 'RUN',
          source_id: model,
          source_type: 'MODEL',
          tags: {},
        })
      for (const { id, step } of run.outputModels)
        await writeMeta(join(folder, 'outputs', id), {
          destination_id: id,
          destination_type: 'MODEL_OUTPUT',
          source_id: run.id,
          source_type: 'RUN_OUTPUT',
          step,
          tags: {},
        })
      return writeMeta(folder, {
        artifact_uri: uri(join(folder, 'artifacts')),
        ...(run.state === 'deleted' ? { deleted_time: run.deletedAt } : {}),
        end_time: run.endTime,
        entry_point_name: '',
        experiment_id: run.experimentId,
        lifecycle_stage: run.state,
        run_id: run.id,
        run_name: run.name,
        source_name: '',
        source_type: 4,
        source_version: '',
        start_time: run.startTime,
        status: runStatuses.indexOf(run.status) + 1,
        tags: [],
        user_id: run.user,
      })
    },

    async loggedModel(model) {
      const folder = modelFolder(model)
      modelPlaces.set(model.id, folder)
      await writeAll(join(folder, 'params'), model.params)
      await writeAll(join(folder, 'tags'), model.tags)
      for (const [key, own] of Map.groupBy(model.metrics, (metric) => metric.key))
        await write(
          join(folder, 'metrics'),
          key,
          own
            .map(({ time, value, step, run, datasetName, datasetDigest }) =>
              [time, pythonText(value), step, run, ...(datasetName ? [datasetName, datasetDigest] : [])].join(' '),
            )
            .join('\n')
            .concat('\n'),
        )
      return writeMeta(folder, {
        artifact_location: uri(join(folder, 'artifacts')),
        creation_timestamp: model.createdAt,
        experiment_id: model.experimentId,
        last_updated_timestamp: model.updatedAt,
        ...(model.state === 'deleted' ? { lifecycle_stage: 'deleted' } : {}),
        model_id: model.id,
        model_type: model.type === '' ? null : model.type,
        name: model.name,
        source_run_id: model.sourceRun,
        status: modelStatuses.indexOf(model.status) + 1,
        status_message: null,
      })
    },

    async file(owner, file) {
      const folder = join('run' in owner ? runFolder(owner.run) : modelFolder(owner.model), 'artifacts')
      const path = below(folder, file.path)
      if (path === undefined) return undefined
      const there = await stat(path).catch(() => undefined)
      if (there && there.size === file.bytes) return undefined
      await mkdir(dirname(path), { recursive: true })
      await pipeline(await file.open(), createWriteStream(`${path}.unfinished`))
      await rename(`${path}.unfinished`, path)
      return (await stat(path)).size
    },

    async model(model) {
      const folder = below(join(root, 'models'), model.name)
      if (folder === undefined || dirname(folder) !== join(root, 'models')) return 'present'
      const known = (parse(await readFile(join(folder, 'meta.yaml'), 'utf8').catch(() => '{}')) ?? {}) as object
      await writeAll(join(folder, 'tags'), model.tags)
      await writeAll(
        join(folder, 'aliases'),
        Object.fromEntries(Object.entries(model.aliases).map(([alias, version]) => [alias, String(version)])),
      )
      for (const version of model.versions) {
        const own = join(folder, `version-${version.version}`)
        await writeAll(join(own, 'tags'), version.tags)
        const source = sourceHere(version.source)
        const logged = version.modelId ? modelPlaces.get(version.modelId) : undefined
        await writeMeta(own, {
          creation_timestamp: version.createdAt,
          current_stage: version.stage,
          description: version.description,
          last_updated_timestamp: version.updatedAt,
          model_id: version.modelId,
          name: model.name,
          run_id: version.runId,
          run_link: version.runLink,
          source,
          status: version.status,
          status_message: version.statusMessage,
          storage_location: source.startsWith('models:') && logged ? uri(join(logged, 'artifacts')) : source,
          user_id: version.user,
          version: version.version,
        })
      }
      return writeMeta(folder, {
        ...known,
        aliases: model.aliases,
        creation_timestamp: model.createdAt,
        description: model.description,
        last_updated_timestamp: model.updatedAt,
        name: model.name,
      })
    },
  }
}

const pythonText = (value: number) =>
  Number.isNaN(value) ? 'nan' : Number.isFinite(value) ? String(value) : value > 0 ? 'inf' : '-inf'
