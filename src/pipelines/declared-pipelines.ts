import { createHash } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { Environment } from '../environment.ts'
import { asKedgeError, type ErrorPlace, KedgeError } from '../errors.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import { isSafePath } from '../storage/blobs/folder.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import type { PipelineRunState, PipelineTables } from '../storage/sql/tables/pipelines.ts'
import { checkLockFile } from './lock-file.ts'
import { missingFiles } from './pipeline-files.ts'
import { type PipelineSpec, partName, pipelineSpec } from './pipeline-spec.ts'

export type StoredFiles = Record<string, { digest: string; bytes: number }>

export interface Pipeline {
  project: string
  name: string
  spec: PipelineSpec
  files: StoredFiles
  digest: string
  createdAt: number
  updatedAt: number
}

export interface PipelineListing extends Pipeline {
  lastRun: { id: number; state: PipelineRunState; createdAt: number; finishedAt: number | null } | null
}

/** A pipeline as its row says it. */
export const toPipeline = (row: Selectable<PipelineTables['pipelines']>): Pipeline => ({
  project: row.project,
  name: row.name,
  spec: fromJson(row.spec),
  files: fromJson(row.files),
  digest: row.digest,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

/** The pipeline of this name as the change sees it. Errors: `not_found`. */
export async function findPipeline(db: Change['db'], project: string, name: string): Promise<Pipeline> {
  const row = await db
    .selectFrom('pipelines')
    .selectAll()
    .where('project', '=', project)
    .where('name', '=', name)
    .executeTakeFirst()
  if (!row) throw new KedgeError('not_found', { kind: 'Pipeline', name })
  return toPipeline(row)
}

/** Pipelines as they are declared, with their code. */
export function createDeclaredPipelines(
  { store, journal, blobs }: Pick<Environment, 'store' | 'journal' | 'blobs'>,
  executors: readonly string[],
) {
  /** What steps cannot do without: their files, an executor, an exact lock file. */
  function checkSteps(steps: PipelineSpec['steps'], files: Record<string, Uint8Array>): ErrorPlace[] {
    const places: ErrorPlace[] = missingFiles({ steps }, Object.keys(files))
    for (const [step, { executor, environment }] of Object.entries(steps)) {
      if (executor !== undefined && !executors.includes(executor))
        places.push({
          where: `steps.${step}.executor`,
          what: `there is no executor ${executor}: choose of ${executors.join(', ')}`,
        })
      const lock = environment && files[environment.python]
      if (lock)
        try {
          checkLockFile(environment.python, Buffer.from(lock).toString('utf8'))
        } catch (error) {
          const { message, todo } = asKedgeError(error)
          places.push({ where: `steps.${step}.environment.python`, what: `${message}. ${todo}` })
        }
    }
    return places
  }

  /** Errors: `invalid_input` with every field that is wrong. */
  function check(name: string, input: unknown, files: Record<string, Uint8Array>): PipelineSpec {
    const parsed = pipelineSpec.safeParse(input)
    const places = parsed.success
      ? []
      : parsed.error.issues.map((issue) => ({ where: issue.path.join('.'), what: issue.message }))
    if (!partName.safeParse(name).success)
      places.push({ where: 'name', what: `"${name}" is not a name for a pipeline` })
    for (const path of Object.keys(files))
      if (!isSafePath(path)) places.push({ where: `files.${path}`, what: 'is not a safe relative path' })
    if (parsed.success) places.push(...checkSteps(parsed.data.steps, files))
    if (places.length === 0 && parsed.success) return parsed.data
    const what = places.map((place) => (place.where ? `${place.where}: ${place.what}` : place.what)).join('; ')
    throw new KedgeError('invalid_input', { what: `The pipeline ${name} is not valid: ${what}` }, { places })
  }

  return {
    checkSteps,

    /** Declares or changes a pipeline; the same again changes nothing. `files`: contents by path, relative to the project. */
    async put(
      context: ChangeContext,
      project: string,
      name: string,
      input: unknown,
      files: Record<string, Uint8Array> = {},
    ): Promise<Pipeline> {
      const spec = check(name, input, files)
      const stored: StoredFiles = {}
      for (const path of Object.keys(files).sort()) stored[path] = await blobs.put(files[path]!)
      const digest = createHash('sha256')
        .update(JSON.stringify([spec, stored]))
        .digest('hex')
      return journal.change(context, async (change) => {
        await change.lock(`pipeline/${project}/${name}`)
        const before = await change.db
          .selectFrom('pipelines')
          .selectAll()
          .where('project', '=', project)
          .where('name', '=', name)
          .executeTakeFirst()
        if (before?.digest === digest) return toPipeline(before)
        const fields = { spec: toJson(spec), files: toJson(stored), digest, updated_at: change.now }
        const row = await change.db
          .insertInto('pipelines')
          .values({ project, name, ...fields, created_at: change.now })
          .onConflict((c) => c.columns(['project', 'name']).doUpdateSet(fields))
          .returningAll()
          .executeTakeFirstOrThrow()
        change.append({
          type: 'pipeline.declared',
          project,
          subject: `pipeline/${name}`,
          data: { pipeline: name, digest, steps: Object.keys(spec.steps) },
        })
        return toPipeline(row)
      })
    },

    get: (project: string, name: string): Promise<Pipeline> => findPipeline(store.read, project, name),

    async list(project: string): Promise<PipelineListing[]> {
      const rows = await store.read
        .selectFrom('pipelines')
        .selectAll()
        .where('project', '=', project)
        .orderBy('name')
        .execute()
      const newest = await store.read
        .selectFrom('pipeline_runs')
        .select(['id', 'pipeline', 'state', 'created_at', 'finished_at'])
        .where('id', 'in', (query) =>
          query
            .selectFrom('pipeline_runs')
            .select(({ fn }) => fn.max('id').as('id'))
            .where('project', '=', project)
            .groupBy('pipeline'),
        )
        .execute()
      return rows.map((row) => {
        const run = newest.find((one) => one.pipeline === row.name)
        return {
          ...toPipeline(row),
          lastRun: run
            ? { id: run.id, state: run.state, createdAt: run.created_at, finishedAt: run.finished_at }
            : null,
        }
      })
    },

    /** Its runs stay. */
    remove: (context: ChangeContext, project: string, name: string): Promise<void> =>
      journal.change(context, async (change) => {
        const done = await change.db
          .deleteFrom('pipelines')
          .where('project', '=', project)
          .where('name', '=', name)
          .executeTakeFirst()
        if (done.numDeletedRows === 0n) throw new KedgeError('not_found', { kind: 'Pipeline', name })
        change.append({ type: 'pipeline.removed', project, subject: `pipeline/${name}`, data: { pipeline: name } })
      }),
  }
}
