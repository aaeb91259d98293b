import { randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import { putFolder } from '../storage/blobs/folder.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import type { Conversion, ConvertRequest, ConvertResult } from './conversion.ts'
import type { DatasetFiles } from './gate.ts'
import { createModelFolders } from './model-folders.ts'
import { runAside } from './run-aside.ts'
import type { Versions } from './versions.ts'

interface ConvertJob {
  model: string
  version: number
}

const tolerance = 1e-5

/** ONNX forms of Python models: made when asked for, compared with the model itself, served in its place when they agree. */
export function createConversions(
  environment: Pick<Environment, 'store' | 'journal' | 'jobs' | 'blobs' | 'dataDirectory'>,
  { versions, files }: { versions: Versions; files: DatasetFiles },
) {
  const { store, journal, jobs, blobs, dataDirectory } = environment
  const folderOf = createModelFolders(environment)

  async function keep(
    change: Change,
    project: string,
    { model, version }: ConvertJob,
    result: ConvertResult,
    folder: { digest: string; bytes: number } | undefined,
  ) {
    const fields = {
      state: result.state,
      digest: folder?.digest ?? null,
      bytes: folder?.bytes ?? null,
      rows: result.rows,
      source: result.source,
      tolerance,
      largest_difference: result.largestDifference,
      precision: result.precision,
      why: result.why,
      tools: result.tools && toJson(result.tools),
      created_at: change.now,
    }
    await change.db
      .insertInto('conversions')
      .values({ project, model, version, ...fields })
      .onConflict((c) => c.columns(['project', 'model', 'version']).doUpdateSet(fields))
      .execute()
    change.append({
      type: 'model_version.converted',
      project,
      subject: `model_version/${model}@${version}`,
      data: {
        model,
        version,
        state: result.state,
        digest: folder?.digest ?? null,
        largestDifference: result.largestDifference,
        tolerance,
        why: result.why,
      },
    })
  }

  jobs.handle<ConvertJob>({
    kind: 'registry.convert',
    async run(job, { signal, log, progress }) {
      const { project, payload } = job
      const version = await versions.get(project, payload.model, payload.version)
      if (version.kind !== 'mlflow' || version.digest === null) throw notPython(payload)
      const target = join(dataDirectory, 'scratch', `convert-${job.id}-${randomBytes(4).toString('hex')}`)
      await mkdir(target, { recursive: true })
      try {
        progress('converting')
        const request: ConvertRequest = {
          folder: await folderOf(version.digest),
          target,
          // an interpreter that has the converters, where none can be installed
          python: process.env.KEDGE_CONVERTERS,
          environments: join(dataDirectory, 'environments', 'models'),
          rows: version.holdout
            ? {
                path: await files.localFile(project, version.holdout.dataset, version.holdout.version),
                source: `${version.holdout.dataset}@${version.holdout.version}`,
              }
            : undefined,
          tolerance,
        }
        const result = await runAside<ConvertResult>('convert-process', 'converts models', request, {
          signal,
          print: (line) => log.info({ line }, 'converting process'),
        })
        const folder = result.state === 'converted' ? await putFolder(blobs, target) : undefined
        return { result, commit: (change) => keep(change, project, payload, result, folder) }
      } finally {
        await rm(target, { recursive: true, force: true })
      }
    },
    failed: (job, error, change) =>
      keep(
        change,
        job.project,
        job.payload,
        {
          state: 'refused',
          rows: 0,
          source: null,
          largestDifference: null,
          precision: null,
          why: error.message,
          tools: null,
        },
        undefined,
      ),
  })

  const notPython = ({ model, version }: ConvertJob) =>
    new KedgeError('conflict', { what: `Version ${version} of ${model} is no Python model that MLflow saved` })

  return {
    /** Asks for the conversion of a version. Errors: `not_found`, `conflict` when it is no Python model. */
    ask: (
      context: ChangeContext,
      project: string,
      model: string,
      version: number,
    ): Promise<{ jobId: number | undefined }> =>
      journal.change(context, async (change) => {
        const row = await versions.findIn(change, project, model, version)
        if (row.kind !== 'mlflow' || row.digest === null) throw notPython({ model, version })
        return {
          jobId: await jobs.enqueue(change, {
            kind: 'registry.convert',
            key: `${project}/${model}@${version}`,
            project,
            payload: { model, version } satisfies ConvertJob,
          }),
        }
      }),

    /** What became of the last try; null when there was none. Errors: `not_found` without the version. */
    async get(project: string, model: string, version: number): Promise<Conversion | null> {
      await versions.get(project, model, version)
      const row = await store.read
        .selectFrom('conversions')
        .selectAll()
        .where('project', '=', project)
        .where('model', '=', model)
        .where('version', '=', version)
        .executeTakeFirst()
      if (!row) return null
      return {
        model,
        version,
        state: row.state,
        digest: row.digest,
        bytes: row.bytes === null ? null : Number(row.bytes),
        rows: Number(row.rows),
        source: row.source,
        tolerance: row.tolerance,
        largestDifference: row.largest_difference,
        precision: row.precision,
        why: row.why,
        tools: fromJson(row.tools),
        createdAt: Number(row.created_at),
      }
    },

    /** The ONNX folder that is served in place of a version's own; undefined when there is none. */
    async served(change: Change, project: string, model: string, version: number): Promise<string | undefined> {
      const row = await change.db
        .selectFrom('conversions')
        .select('digest')
        .where('project', '=', project)
        .where('model', '=', model)
        .where('version', '=', version)
        .where('state', '=', 'converted')
        .executeTakeFirst()
      return row?.digest ?? undefined
    },
  }
}

export type Conversions = ReturnType<typeof createConversions>
