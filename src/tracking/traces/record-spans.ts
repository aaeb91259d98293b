import type { Selectable } from 'kysely'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import type { Change, ChangeContext } from '../../journal/journal.ts'
import { toJson } from '../../storage/sql/json-column.ts'
import type { Database } from '../../storage/sql/schema.ts'
import type { Experiments } from '../experiments.ts'
import { insertSpans } from './insert-spans.ts'
import { cut, traceLimits } from './limits.ts'
import { microseconds, type Span } from './span.ts'
import { spanType } from './span-type.ts'
import { type SpanBatchItem, type SpanSummary, summariseSpans } from './summarise-spans.ts'
import { inStore, traceMetadata, traceTags } from './trace.ts'
import { costOf, modelOf, writeUsage } from './usage.ts'
import { writeValues } from './write-values.ts'

type TraceRow = Selectable<Database['traces']>
type SpanRow = Parameters<typeof insertSpans>[2][number]

/** Where a trace's files lie: below those of its experiment. */
export const traceArtifacts = (experiment: { artifact_location: string }, id: string) =>
  `${experiment.artifact_location}/traces/${id}/artifacts`

const spanRow = (trace: number, { traceId: _, id, parent, ...document }: Span): SpanRow => ({
  trace,
  id,
  parent,
  name: cut(document.name, traceLimits.spanName),
  type: spanType(document),
  status: document.status.code,
  started: microseconds(document.start),
  ended: document.end === null ? null : microseconds(document.end),
  ...modelOf(document),
  ...costOf(document),
  content: toJson(document),
})

/** Stores spans as they end. A trace exists from its first span on; the same spans sent again change nothing. */
export function createSpanRecorder(environment: Pick<Environment, 'store' | 'journal'>, experiments: Experiments) {
  const { store, journal } = environment

  async function ensureTraces(change: Change, project: string, experimentId: string, summaries: SpanSummary[]) {
    const known = await findTraces(change, project, summaries)
    const missing = summaries.filter(({ id }) => !known.has(id))
    if (missing.length === 0) return { known, created: new Set<string>() }
    const experiment = await experiments.findIn(change, project, experimentId)
    if (experiment.state !== 'active')
      throw new KedgeError('conflict', {
        what: `The experiment ${experimentId} must be in the 'active' state. Current state is ${experiment.state}.`,
      })
    const made = await change.db
      .insertInto('traces')
      .values(
        missing.map((summary) => ({
          project,
          id: summary.id,
          experiment: experiment.number,
          time: summary.start,
          duration: summary.end === null ? null : Math.max(0, summary.end - summary.start),
          state: summary.state,
          request_preview: summary.requestPreview,
          response_preview: summary.responsePreview,
          session: summary.session,
          finalized: 0,
        })),
      )
      .onConflict((c) => c.columns(['project', 'id']).doNothing())
      .returningAll()
      .execute()
    const created = new Set(made.map((row) => row.id))
    for (const row of made) known.set(row.id, row)
    // another process was faster with the others
    if (created.size < missing.length)
      for (const [id, row] of await findTraces(change, project, missing)) known.set(id, row)
    await writeValues(
      change.db,
      'trace_tags',
      made.map((row) => ({
        trace: row.number,
        key: traceTags.artifactLocation,
        value: traceArtifacts(experiment, row.id),
      })),
    )
    return { known, created }
  }

  async function findTraces(change: Change, project: string, summaries: SpanSummary[]) {
    const found = new Map<string, TraceRow>()
    for (let i = 0; i < summaries.length; i += 1000) {
      let query = change.db
        .selectFrom('traces')
        .selectAll()
        .where('project', '=', project)
        .where(
          'id',
          'in',
          summaries.slice(i, i + 1000).map(({ id }) => id),
        )
        .orderBy('number')
      if (store.kind === 'postgres') query = query.forUpdate()
      for (const row of await query.execute()) found.set(row.id, row)
    }
    return found
  }

  /** What later spans add to a trace that was there: nothing that its client has said already. */
  async function extend(change: Change, row: TraceRow, summary: SpanSummary) {
    const set: Partial<TraceRow> = {}
    if (row.finalized === 0) {
      const time = Math.min(row.time, summary.start)
      const before = row.duration === null ? null : row.time + row.duration
      const end = summary.end === null ? before : Math.max(before ?? 0, summary.end)
      set.time = time
      set.duration = end === null ? null : Math.max(0, end - time)
    }
    if (summary.hasRoot && (row.state === 'IN_PROGRESS' || row.state === 'STATE_UNSPECIFIED')) set.state = summary.state
    if (row.request_preview === null && summary.requestPreview !== null) set.request_preview = summary.requestPreview
    if (row.response_preview === null && summary.responsePreview !== null)
      set.response_preview = summary.responsePreview
    if (row.session === null && summary.session !== null) set.session = summary.session
    const changed = (Object.keys(set) as (keyof TraceRow)[]).some((key) => set[key] !== row[key])
    if (changed) await change.db.updateTable('traces').set(set).where('number', '=', row.number).execute()
  }

  return {
    /**
     * Logs a batch as a whole, of as many traces as there are in it; returns the ids of the traces whose root it had.
     * Errors: `not_found` (experiment), `conflict` (a deleted one).
     */
    async record(
      context: ChangeContext,
      project: string,
      experimentId: string,
      items: readonly SpanBatchItem[],
    ): Promise<string[]> {
      if (items.length === 0) return []
      await experiments.ensureDefault(project)
      const summaries = summariseSpans(items)
      return journal.change(context, async (change) => {
        const { known, created } = await ensureTraces(change, project, experimentId, summaries)
        const number = (summary: SpanSummary) => known.get(summary.id)!.number
        for (const summary of summaries)
          if (!created.has(summary.id)) await extend(change, known.get(summary.id)!, summary)
        await insertSpans(
          store.kind,
          change.db,
          summaries.flatMap((summary) => summary.spans.map((span) => spanRow(number(summary), span))),
        )
        const rows = (of: (summary: SpanSummary) => [string, string][]) =>
          summaries.flatMap((summary) => of(summary).map(([key, value]) => ({ trace: number(summary), key, value })))
        await writeValues(
          change.db,
          'trace_tags',
          rows(({ tags }) => [[traceTags.spansLocation, inStore], ...tags]),
        )
        await writeValues(
          change.db,
          'trace_tags',
          rows(({ usualTags }) => usualTags),
          'keep',
        )
        await writeValues(
          change.db,
          'trace_metadata',
          rows(({ user }) => (user === null ? [] : [[traceMetadata.user, user]])),
          'keep',
        )
        // of a trace that its client has described, the client's word holds
        await writeUsage(
          change.db,
          summaries
            .filter((summary) => {
              const { finalized, state } = known.get(summary.id)!
              return summary.hasUsage && finalized === 0 && (summary.hasRoot || state !== 'IN_PROGRESS')
            })
            .map((summary) => number(summary)),
        )
        return summaries.filter(({ hasRoot }) => hasRoot).map(({ id }) => id)
      })
    },
  }
}
