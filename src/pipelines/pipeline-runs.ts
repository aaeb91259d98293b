import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import { inChange } from '../journal/in-change.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import { toJson } from '../storage/sql/json-column.ts'
import type { PipelineRunState } from '../storage/sql/tables/pipelines.ts'
import { findPipeline } from './declared-pipelines.ts'
import { type PipelineRun, toRun, toStep } from './pipeline-run.ts'
import type { ParamValue, PipelineSpec } from './pipeline-spec.ts'
import { stepOrder } from './step-order.ts'

export interface StartOptions {
  /** event time that windows are relative to, milliseconds since 1970 */
  asOf?: number | undefined
  params?: Record<string, ParamValue> | undefined
  /** no step is skipped because nothing has changed */
  force?: boolean | undefined
  /** event that led to it, if it is another than the change's own */
  cause?: number | undefined
  /** the same key again, in the same project, gives the same run */
  key?: string | undefined
}

export const runJob = 'pipelines.run'
/** The server may be killed many times during a long run; failures proper are counted in the run. */
const mostAttempts = 1000

/** Runs of pipelines: asked for, looked at, cancelled. */
export function createPipelineRuns({ store, journal, jobs }: Pick<Environment, 'store' | 'journal' | 'jobs'>) {
  async function find(db: Change['db'], project: string, id: number): Promise<PipelineRun> {
    const row = await db
      .selectFrom('pipeline_runs')
      .selectAll()
      .where('project', '=', project)
      .where('id', '=', id)
      .executeTakeFirst()
    if (!row) throw new KedgeError('not_found', { kind: 'Pipeline run', name: id })
    const steps = await db.selectFrom('pipeline_steps').selectAll().where('run', '=', id).orderBy('position').execute()
    return toRun(row, steps.map(toStep))
  }

  async function insert(change: Change, project: string, name: string, options: StartOptions): Promise<PipelineRun> {
    if (options.key !== undefined) {
      await change.lock(`pipeline_runs/${project}/${options.key}`)
      const there = await change.db
        .selectFrom('pipeline_runs')
        .select('id')
        .where('project', '=', project)
        .where('key', '=', options.key)
        .executeTakeFirst()
      if (there) return find(change.db, project, there.id)
    }
    const pipeline = await findPipeline(change.db, project, name)
    checkParams(pipeline.spec, options.params ?? {})
    const cause = options.cause ?? change.context.cause ?? null
    const { id } = await change.db
      .insertInto('pipeline_runs')
      .values({
        project,
        pipeline: name,
        spec: toJson(pipeline.spec),
        files: toJson(pipeline.files),
        state: 'queued',
        as_of: options.asOf ?? null,
        params: toJson(options.params ?? {}),
        force: options.force ? 1 : 0,
        key: options.key ?? null,
        cause,
        actor: change.context.actor,
        job: null,
        failures: 0,
        error: null,
        created_at: change.now,
        started_at: null,
        finished_at: null,
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    await change.db
      .insertInto('pipeline_steps')
      .values(
        stepOrder(pipeline.spec.steps).order.map((step, position) => ({
          run: id,
          step,
          position,
          project,
          state: 'queued' as const,
          attempt: 0,
          inputs: '[]',
          outputs: '[]',
        })),
      )
      .execute()
    const job = await jobs.enqueue(change, { kind: runJob, project, payload: { run: id }, maxAttempts: mostAttempts })
    await change.db.updateTable('pipeline_runs').set({ job: job! }).where('id', '=', id).execute()
    change.append({
      type: 'pipeline_run.started',
      project,
      subject: `pipeline_run/${id}`,
      data: {
        pipeline: name,
        run: id,
        digest: pipeline.digest,
        asOf: options.asOf ?? null,
        params: options.params ?? {},
        force: options.force ?? false,
      },
      ...(cause === null ? {} : { cause }),
    })
    return find(change.db, project, id)
  }

  return {
    start: (
      where: ChangeContext | Change,
      project: string,
      name: string,
      options: StartOptions = {},
    ): Promise<PipelineRun> => inChange(journal, where, (change) => insert(change, project, name, options)),

    get: (project: string, id: number): Promise<PipelineRun> => find(store.read, project, id),

    /** Newest first. */
    async list(
      project: string,
      filter: {
        pipeline?: string | undefined
        state?: PipelineRunState | undefined
        limit?: number
        offset?: number
      } = {},
    ): Promise<{ items: PipelineRun[]; total: number }> {
      let query = store.read.selectFrom('pipeline_runs').where('project', '=', project)
      if (filter.pipeline !== undefined) query = query.where('pipeline', '=', filter.pipeline)
      if (filter.state !== undefined) query = query.where('state', '=', filter.state)
      const { total } = await query.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
      const rows = await query
        .selectAll()
        .orderBy('id', 'desc')
        .limit(filter.limit ?? 100)
        .offset(filter.offset ?? 0)
        .execute()
      if (rows.length === 0) return { items: [], total: Number(total) }
      const ids = rows.map((row) => row.id)
      const steps = await store.read
        .selectFrom('pipeline_steps')
        .selectAll()
        .where('run', 'in', ids)
        .orderBy('position')
        .execute()
      return {
        items: rows.map((row) => toRun(row, steps.filter((step) => step.run === row.id).map(toStep))),
        total: Number(total),
      }
    },

    /** A run that has ended stays as it is: `conflict`. */
    async cancel(context: ChangeContext, project: string, id: number): Promise<void> {
      await journal.change(context, async (change) => {
        const run = await find(change.db, project, id)
        if (run.state !== 'queued' && run.state !== 'running')
          throw new KedgeError('conflict', {
            what: `The pipeline run ${id} has ended: it ${run.state === 'cancelled' ? 'was' : 'has'} ${run.state}`,
          })
        if (run.jobId !== null) await jobs.cancel(change, run.jobId)
      })
    },
  }
}

function checkParams(spec: PipelineSpec, params: Record<string, ParamValue>) {
  const known = new Set([
    ...Object.keys(spec.params),
    ...Object.values(spec.steps).flatMap((step) => Object.keys(step.params)),
  ])
  const places = Object.keys(params).flatMap((name) =>
    known.has(name) ? [] : [{ where: `params.${name}`, what: 'is not a param of this pipeline' }],
  )
  if (places.length === 0) return
  const todo =
    known.size > 0
      ? `Its params are: ${[...known].join(', ')}.`
      : 'It has no params; declare them in the pipeline first.'
  throw new KedgeError(
    'invalid_input',
    { what: places.map((place) => `${place.where} ${place.what}`).join('; ') },
    { places, todo },
  )
}
