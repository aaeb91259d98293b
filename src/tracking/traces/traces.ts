import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import type { Change, ChangeContext } from '../../journal/journal.ts'
import type { TraceState } from '../../storage/sql/tables/traces.ts'
import type { Experiments } from '../experiments.ts'
import { checkTagKey } from '../limits.ts'
import type { Runs } from '../runs.ts'
import { assessmentRow, createAssessments, type NewAssessment } from './assessments.ts'
import { checkTime, checkTraceId, cut, storable, traceLimits, traceValues } from './limits.ts'
import { readSpans, readTraces, type TraceInfoRow, traceColumns } from './read-traces.ts'
import { createSpanRecorder, traceArtifacts } from './record-spans.ts'
import { createTraceSearch } from './search-traces.ts'
import type { Span } from './span.ts'
import { type TraceInfo, traceMetadata, traceTags } from './trace.ts'
import { createTraceMetrics } from './trace-metrics.ts'
import { writeValues } from './write-values.ts'

export interface NewTrace {
  id: string
  experimentId: string
  time: number
  duration: number | null
  state: TraceState
  clientRequestId?: string | undefined
  requestPreview?: string | undefined
  responsePreview?: string | undefined
  tags: Record<string, string>
  metadata: Record<string, string>
  assessments?: readonly NewAssessment[]
}

/** How long a reader waits for spans that their client has announced, in milliseconds. */
const patience = 3000

/**
 * Traces of what applications did, span by span. Like points of metrics they are data of high volume: they are in no
 * event of the journal, but for the deletion of many at once.
 */
export function createTraces(
  environment: Pick<Environment, 'store' | 'journal'>,
  { experiments, runs }: { experiments: Experiments; runs: Runs },
) {
  const { store, journal } = environment

  const missing = (id: string) => new KedgeError('not_found', { kind: 'Trace with ID', name: id })

  async function rowsOf(db: Change['db'], project: string, ids: readonly string[]): Promise<TraceInfoRow[]> {
    if (ids.length === 0) return []
    const { rows } = await sql<TraceInfoRow>`select ${traceColumns} from traces
      join experiments on experiments.number = traces.experiment
      where traces.project = ${project} and traces.id in (${sql.join([...ids])})`.execute(db)
    const order = new Map(ids.map((id, i) => [id, i]))
    return rows.sort((a, b) => order.get(a.id)! - order.get(b.id)!)
  }
  const rowOf = async (db: Change['db'], project: string, id: string): Promise<TraceInfoRow> => {
    const [row] = await rowsOf(db, project, [id])
    if (!row) throw missing(id)
    return row
  }

  async function startIn(change: Change, project: string, trace: NewTrace): Promise<TraceInfo> {
    const experiment = await experiments.findIn(change, project, trace.experimentId)
    if (experiment.state !== 'active')
      throw new KedgeError('conflict', {
        what: `The experiment ${experiment.id} must be in the 'active' state. Current state is ${experiment.state}.`,
      })
    const {
      [traceMetadata.sourceRun]: sourceRun,
      [traceMetadata.session]: session,
      [traceMetadata.finalized]: _,
      ...metadata
    } = trace.metadata
    const optional = (text: string | undefined, limit: number) => (text === undefined ? undefined : cut(text, limit))
    const said = {
      experiment: experiment.number,
      time: trace.time,
      duration: trace.duration,
      state: trace.state,
      client_request_id: optional(trace.clientRequestId, traceLimits.id) ?? null,
      finalized: trace.state === 'IN_PROGRESS' ? 0 : 1,
    }
    const maybe = {
      request_preview: optional(trace.requestPreview, traceLimits.preview),
      response_preview: optional(trace.responsePreview, traceLimits.preview),
      source_run: optional(sourceRun, traceLimits.id),
      session: optional(session, traceLimits.id),
    }
    const given = Object.fromEntries(Object.entries(maybe).filter(([, value]) => value !== undefined))
    const { number } = await change.db
      .insertInto('traces')
      .values({ project, id: trace.id, ...said, ...given })
      .onConflict((c) => c.columns(['project', 'id']).doUpdateSet({ ...said, ...given }))
      .returning('number')
      .executeTakeFirstOrThrow()
    const rows = (values: [string, string][]) => values.map(([key, value]) => ({ trace: number, key, value }))
    await writeValues(change.db, 'trace_tags', [
      ...rows(traceValues(trace.tags, 'tags')),
      { trace: number, key: traceTags.artifactLocation, value: traceArtifacts(experiment, trace.id) },
    ])
    await writeValues(change.db, 'trace_metadata', rows(traceValues(metadata, 'trace_metadata')))
    for (const assessment of trace.assessments ?? [])
      await change.db
        .insertInto('assessments')
        .values(assessmentRow(number, assessment, change.now))
        .onConflict((c) => c.columns(['trace', 'id']).doNothing())
        .execute()
    return (await readTraces(change.db, [await rowOf(change.db, project, trace.id)]))[0]!
  }

  async function remove(change: Change, numbers: readonly number[]) {
    for (let i = 0; i < numbers.length; i += 1000) {
      const some = numbers.slice(i, i + 1000)
      for (const table of [
        'spans',
        'trace_tags',
        'trace_metadata',
        'trace_runs',
        'trace_prompts',
        'assessments',
      ] as const)
        await change.db.deleteFrom(table).where('trace', 'in', some).execute()
      await change.db.deleteFrom('traces').where('number', 'in', some).execute()
    }
  }

  const complete = (info: TraceInfo, spans: readonly Span[]) => {
    try {
      const stats = JSON.parse(info.metadata[traceMetadata.sizeStats] ?? '{}') as { num_spans?: number }
      return !(typeof stats.num_spans === 'number' && spans.length < stats.num_spans)
    } catch {
      return true
    }
  }

  const load = async (project: string, ids: readonly string[]) => {
    const rows = await rowsOf(store.read, project, ids)
    const infos = await readTraces(store.read, rows)
    const spans = await readSpans(store.read, rows)
    return infos.map((info, i) => ({ info, spans: spans.get(rows[i]!.number) ?? [] }))
  }

  return {
    ...createSpanRecorder(environment, experiments),
    ...createTraceSearch(environment, experiments),
    ...createTraceMetrics(environment, experiments),
    assessments: createAssessments(environment, rowOf),

    /** Says what a trace is, whether spans of it are there or not. Sent again, it says so again. Errors: `not_found`, `invalid_input`. */
    async start(context: ChangeContext, project: string, trace: NewTrace): Promise<TraceInfo> {
      checkTraceId(trace.id)
      checkTime(trace.time, 'request_time')
      await experiments.ensureDefault(project)
      return journal.change(context, (change) => startIn(change, project, trace))
    },

    /** Ends a trace that was started as one in progress: the way of clients before MLflow 3. */
    end: (
      context: ChangeContext,
      project: string,
      id: string,
      end: { time: number; state: TraceState; tags: Record<string, string>; metadata: Record<string, string> },
    ): Promise<TraceInfo> => {
      checkTime(end.time, 'timestamp_ms')
      return journal.change(context, async (change) => {
        const row = await rowOf(change.db, project, id)
        await change.db
          .updateTable('traces')
          .set({ duration: Math.max(0, end.time - row.time), state: end.state, finalized: 1 })
          .where('number', '=', row.number)
          .execute()
        const rows = (values: [string, string][]) => values.map(([key, value]) => ({ trace: row.number, key, value }))
        await writeValues(change.db, 'trace_tags', rows(traceValues(end.tags, 'tags')))
        await writeValues(change.db, 'trace_metadata', rows(traceValues(end.metadata, 'request_metadata')))
        return (await readTraces(change.db, [await rowOf(change.db, project, id)]))[0]!
      })
    },

    async info(project: string, id: string): Promise<TraceInfo> {
      return (await readTraces(store.read, [await rowOf(store.read, project, id)]))[0]!
    },

    /** Those that exist, in the order asked for. */
    infos: async (project: string, ids: readonly string[]): Promise<TraceInfo[]> =>
      readTraces(store.read, await rowsOf(store.read, project, ids)),

    /** Traces with their spans: those that exist, in the order asked for. */
    load,

    /**
     * A trace with its spans. Unless a part will do, waits a moment for spans that its client has announced.
     * Errors: `not_found`, also when they did not come.
     */
    async get(project: string, id: string, partial: boolean): Promise<{ info: TraceInfo; spans: Span[] }> {
      for (let waited = 0, pause = 25; ; waited += pause, pause = Math.min(2 * pause, 500)) {
        const [found] = await load(project, [id])
        if (!found) throw missing(id)
        if (partial || complete(found.info, found.spans)) return found
        if (waited >= patience)
          throw new KedgeError(
            'not_found',
            { kind: 'The whole of trace', name: id },
            { todo: 'Some of its spans have not come yet; ask for the part that is there, or try again later.' },
          )
        await wait(pause)
      }
    },

    setTag: (context: ChangeContext, project: string, id: string, key: string, value: string): Promise<void> => {
      checkTagKey(key, 'key')
      return journal.change(context, async (change) => {
        const { number } = await rowOf(change.db, project, id)
        await writeValues(change.db, 'trace_tags', [
          { trace: number, key: storable(key), value: cut(value, traceLimits.value) },
        ])
      })
    },

    deleteTag: (context: ChangeContext, project: string, id: string, key: string): Promise<void> =>
      journal.change(context, async (change) => {
        const { number } = await rowOf(change.db, project, id)
        const gone = await change.db
          .deleteFrom('trace_tags')
          .where('trace', '=', number)
          .where('key', '=', key)
          .executeTakeFirst()
        if (gone.numDeletedRows === 0n)
          throw new KedgeError('not_found', { kind: 'Tag', name: `${key} of trace with ID ${id}` })
      }),

    /** Deletes traces by id, or the oldest up to a time; returns how many. Errors: `invalid_input` when it is not said which. */
    async delete(
      context: ChangeContext,
      project: string,
      experimentId: string,
      which: { ids?: readonly string[] | undefined; until?: number | undefined; most?: number | undefined },
    ): Promise<number> {
      const { ids = [], until, most } = which
      const invalid = (what: string) => new KedgeError('invalid_input', { what })
      if (ids.length > 0 === (until !== undefined))
        throw invalid('Specify exactly one of `max_timestamp_millis` and `request_ids` to delete traces.')
      if (most !== undefined && ids.length > 0) throw invalid("`max_traces` can't be specified with `request_ids`.")
      if (most !== undefined && most <= 0) throw invalid(`\`max_traces\` must be a positive integer, received ${most}.`)
      await experiments.ensureDefault(project)
      return journal.change(context, async (change) => {
        const experiment = await experiments.findIn(change, project, experimentId)
        let query = change.db.selectFrom('traces').select('number').where('experiment', '=', experiment.number)
        if (ids.length > 0) query = query.where('id', 'in', [...ids])
        else query = query.where('time', '<=', until!)
        query = query.orderBy('time').orderBy('id')
        if (most !== undefined) query = query.limit(most)
        const numbers = (await query.execute()).map((row) => row.number)
        await remove(change, numbers)
        if (numbers.length > 0)
          change.append({
            type: 'traces.deleted',
            project,
            subject: `experiment/${experiment.id}`,
            data: { experiment: experiment.id, traces: numbers.length },
          })
        return numbers.length
      })
    },

    /** Links traces to a run; those that do not exist are passed over. Errors: `invalid_input` beyond the limit, `not_found` (run). */
    linkToRun(context: ChangeContext, project: string, ids: readonly string[], runId: string): Promise<void> {
      if (ids.length > traceLimits.linkedTraces)
        throw new KedgeError('invalid_input', {
          what: `Cannot link more than ${traceLimits.linkedTraces} traces to a run in a single request. Provided ${ids.length} traces.`,
        })
      return journal.change(context, async (change) => {
        const run = await runs.findActive(change, project, runId)
        const rows = await rowsOf(change.db, project, ids)
        if (rows.length === 0) return
        await change.db
          .insertInto('trace_runs')
          .values(rows.map((row) => ({ trace: row.number, run: run.id })))
          .onConflict((c) => c.doNothing())
          .execute()
      })
    },

    /** Says which versions of prompts a trace used. */
    linkPrompts: (
      context: ChangeContext,
      project: string,
      id: string,
      prompts: readonly { name: string; version: string }[],
    ): Promise<void> =>
      journal.change(context, async (change) => {
        const { number } = await rowOf(change.db, project, id)
        if (prompts.length === 0) return
        await change.db
          .insertInto('trace_prompts')
          .values(prompts.map((prompt) => ({ trace: number, prompt: storable(`${prompt.name}/${prompt.version}`) })))
          .onConflict((c) => c.doNothing())
          .execute()
      }),
  }
}
