import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely'
import { fromJson } from '../../storage/sql/json-column.ts'
import type { Database } from '../../storage/sql/schema.ts'
import type { Span, SpanDocument } from './span.ts'
import { type Assessment, type TraceInfo, traceMetadata } from './trace.ts'

const chunk = 1000

export interface TraceInfoRow {
  number: number
  id: string
  experiment_id: string
  time: number
  duration: number | null
  state: TraceInfo['state']
  client_request_id: string | null
  request_preview: string | null
  response_preview: string | null
  source_run: string | null
  session: string | null
  finalized: number
}

/** What `readTraces` needs, from `traces` joined with `experiments`. */
export const traceColumns: RawBuilder<unknown> = sql`traces.number, traces.id, experiments.id as experiment_id, traces.time, traces.duration, traces.state,
  traces.client_request_id, traces.request_preview, traces.response_preview, traces.source_run, traces.session, traces.finalized`

async function byTrace<Row extends { trace: number }>(
  numbers: readonly number[],
  read: (some: number[]) => Promise<Row[]>,
): Promise<Map<number, Row[]>> {
  const found = new Map<number, Row[]>()
  for (let i = 0; i < numbers.length; i += chunk)
    for (const row of await read(numbers.slice(i, i + chunk))) {
      const own = found.get(row.trace)
      if (own) own.push(row)
      else found.set(row.trace, [row])
    }
  return found
}

const record = (rows: readonly { key: string; value: string }[] = []) => {
  // keys are callers' words: none may reach the prototype
  const values = Object.create(null) as Record<string, string>
  for (const { key, value } of rows) values[key] = value
  return values
}

/** Traces with their tags, metadata and assessments, in the order of the rows. */
export async function readTraces(db: Kysely<Database>, rows: readonly TraceInfoRow[]): Promise<TraceInfo[]> {
  const numbers = rows.map((row) => row.number)
  const values = (table: 'trace_tags' | 'trace_metadata') =>
    byTrace(numbers, (some) =>
      db.selectFrom(table).selectAll().where('trace', 'in', some).orderBy('trace').orderBy('key').execute(),
    )
  const [tags, metadata, assessments] = await Promise.all([
    values('trace_tags'),
    values('trace_metadata'),
    byTrace(numbers, (some) =>
      db.selectFrom('assessments').selectAll().where('trace', 'in', some).orderBy('created_at').orderBy('id').execute(),
    ),
  ])
  return rows.map((row) => {
    const known = record(metadata.get(row.number))
    if (row.source_run !== null) known[traceMetadata.sourceRun] = row.source_run
    if (row.session !== null) known[traceMetadata.session] = row.session
    if (row.finalized === 1) known[traceMetadata.finalized] = 'true'
    return {
      id: row.id,
      experimentId: row.experiment_id,
      time: row.time,
      duration: row.duration,
      state: row.state,
      clientRequestId: row.client_request_id,
      requestPreview: row.request_preview,
      responsePreview: row.response_preview,
      sourceRun: row.source_run,
      session: row.session,
      tags: record(tags.get(row.number)),
      metadata: known,
      assessments: (assessments.get(row.number) ?? []).map((one) => assessmentOf(row.id, one)),
    }
  })
}

/** An assessment as its row says. */
export const assessmentOf = (traceId: string, row: Selectable<Database['assessments']>): Assessment => ({
  id: row.id,
  traceId,
  kind: row.kind,
  name: row.name,
  value: fromJson(row.value),
  error: fromJson(row.error),
  source: { type: row.source_type, id: row.source_id },
  spanId: row.span,
  rationale: row.rationale,
  metadata: fromJson(row.metadata),
  overrides: row.overrides,
  valid: row.valid === 1,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

/** The spans of traces, the roots first, then by when they began. */
export async function readSpans(
  db: Kysely<Database>,
  traces: readonly { number: number; id: string }[],
): Promise<Map<number, Span[]>> {
  const ids = new Map(traces.map(({ number, id }) => [number, id]))
  const rows = await byTrace([...ids.keys()], (some) =>
    db
      .selectFrom('spans')
      .select(['trace', 'id', 'parent', 'content'])
      .where('trace', 'in', some)
      .orderBy('trace')
      .orderBy((e) => e.case().when('parent', 'is', null).then(0).else(1).end())
      .orderBy('started')
      .orderBy('id')
      .execute(),
  )
  return new Map(
    [...rows].map(([number, own]) => [
      number,
      own.map(({ id, parent, content }) => ({
        traceId: ids.get(number)!.replace(/^tr-/, ''),
        id,
        parent,
        ...fromJson<SpanDocument>(content),
      })),
    ]),
  )
}
