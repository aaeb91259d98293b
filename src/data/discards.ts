import { groupOf } from '../contracts/curation.ts'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { ChangeContext } from '../journal/journal.ts'
import type { EventsStore } from '../storage/events/events-store.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import { quoteName, quoteText } from './expression/sql-text.ts'
import type { QuarantineDesk } from './quarantine.ts'
import { openQuarantine, withdrawDecision } from './quarantine-file.ts'
import { createRunEngine } from './version/run-engine.ts'
import type { Versions } from './version/versions.ts'

export type RowState = 'open' | 'corrected' | 'discarded'

/** A row in the quarantine and what became of it; values as text. */
export interface QuarantinedRow {
  row: number
  step: number
  operation: string
  reason: string
  value: string | null
  /** original bytes of texts that are no valid UTF-8: column → hex */
  bytes: Record<string, string> | null
  /** the dataset that it came from, when a step has added it */
  from: string | null
  values: (string | null)[]
  state: RowState
}

export interface QuarantineFilter {
  step?: number | undefined
  reason?: string | undefined
  state?: RowState | undefined
}

export interface QuarantinePage {
  /** of the source */
  columns: string[]
  items: QuarantinedRow[]
  /** rows that the filter lets through */
  total: number
  counts: Record<RowState, number>
  reasons: { step: number; operation: string; reason: string; rows: number; open: number }[]
}

export interface Discard {
  id: number
  version: number
  /** the row; null for all rows of a reason */
  original: Record<string, string | null> | null
  step: number | null
  reason: string | null
  rows: number
  why: string
  actor: string
  createdAt: number
}

/** What people have decided about quarantined rows besides correcting them. */
export interface Discards {
  /** A page of a version's quarantine with the state of each row. Errors: `not_found`. */
  page(
    project: string,
    dataset: string,
    version: number | string,
    filter: QuarantineFilter & { limit: number; offset: number },
  ): Promise<QuarantinePage>
  /**
   * Leaves rows aside for good: some by their `_row`, wherever the source gives the same again, or all of one reason in
   * this version. Errors: `not_found`, `too_large`.
   */
  discard(
    context: ChangeContext,
    project: string,
    dataset: string,
    version: number | string,
    which: { rows: number[] } | { step: number; reason: string },
    why: string,
  ): Promise<{ rows: number }>
  list(project: string, dataset: string): Promise<Discard[]>
  /** Takes a decision back. Errors: `not_found`. */
  withdraw(context: ChangeContext, project: string, dataset: string, id: number): Promise<void>
}

const mostDiscards = 5000

export function createDiscards(
  { store, journal, blobs }: Pick<Environment, 'store' | 'journal' | 'blobs'>,
  {
    engine,
    versions,
    corrections,
  }: { engine: EventsStore; versions: Versions; corrections: QuarantineDesk['corrections'] },
): Discards {
  const run = createRunEngine(engine)

  const list = async (project: string, dataset: string): Promise<Discard[]> =>
    (
      await store.read
        .selectFrom('dataset_discards')
        .selectAll()
        .where('project', '=', project)
        .where('dataset', '=', dataset)
        .orderBy('id')
        .execute()
    ).map((row) => ({
      id: row.id,
      version: row.version,
      original: row.original === null ? null : fromJson(row.original),
      step: row.step,
      reason: row.reason,
      rows: row.rows,
      why: row.why,
      actor: row.actor,
      createdAt: row.created_at,
    }))

  /** The quarantine's file as a table with `__state`; undefined when it is empty. */
  async function open(project: string, dataset: string, number: number | string) {
    const quarantine = await openQuarantine({ blobs, engine, versions }, project, dataset, number)
    const { version, file, columns } = quarantine
    if (!file) return { version, columns, table: undefined }
    const [from, bytes] = ['_from', '_bytes'].map((name) =>
      quarantine.has(name) ? `s.${name}` : "CAST(NULL, 'Nullable(String)')",
    )
    const text = (name: string) => `toString(s.${quoteName(name)})`
    const decided = await list(project, dataset)
    const [corrected, discarded] = [
      await corrections(project, dataset),
      decided.filter(({ original }) => original),
    ].map((rows) => rows.map(({ original }) => original!).filter((one) => columns.every((name) => name in one)))
    const whole = decided.filter((one) => one.original === null && one.version === version.version)
    const literal = (value: string | null) => (value === null ? "CAST(NULL, 'Nullable(String)')" : quoteText(value))
    // the same SQL makes the keys on both sides, as where corrections are applied
    const keys = (rows: Record<string, string | null>[]) =>
      rows.length === 0
        ? '0'
        : `__key IN (${rows.map((one) => groupOf(columns.map((name) => literal(one[name]!)))).join(', ')})`
    const ofReason = whole.map((one) => `(__step = ${one.step} AND __reason = ${quoteText(one.reason!)})`)
    const state = `multiIf(__from IS NULL AND ${keys(corrected!)}, 'corrected', ${[keys(discarded!), ...ofReason].join(' OR ')}, 'discarded', 'open')`
    const inner = `SELECT ${[
      ...columns.map((name, i) => `${text(name)} AS c${i}`),
      'toUInt64(s._row) AS __row, toInt64(s._step) AS __step, toString(s._operation) AS __operation, toString(s._reason) AS __reason, s._value AS __value',
      `${from} AS __from`,
      `${bytes} AS __bytes`,
      `${groupOf(columns.map(text))} AS __key`,
    ].join(', ')} FROM file(${quoteText(file)}, Parquet) AS s`
    return { version, columns, table: `(SELECT *, ${state} AS __state FROM (${inner}))` }
  }

  const conditions = ({ step, reason, state }: QuarantineFilter) =>
    [
      '1',
      ...(step === undefined ? [] : [`__step = ${step}`]),
      ...(reason === undefined ? [] : [`__reason = ${quoteText(reason)}`]),
      ...(state === undefined ? [] : [`__state = ${quoteText(state)}`]),
    ].join(' AND ')

  return {
    list,

    async page(project, dataset, number, { limit, offset, ...filter }) {
      const { table, columns } = await open(project, dataset, number)
      const counts: QuarantinePage['counts'] = { open: 0, corrected: 0, discarded: 0 }
      if (!table) return { columns, items: [], total: 0, counts, reasons: [] }
      const groups = await run.query<{
        __step: number
        __operation: string
        __reason: string
        __state: RowState
        n: number
      }>(
        `SELECT __step, __operation, __reason, __state, count() AS n FROM ${table} GROUP BY __step, __operation, __reason, __state ORDER BY n DESC, __step, __reason`,
      )
      const reasons = new Map<string, QuarantinePage['reasons'][number]>()
      let total = 0
      for (const one of groups) {
        const n = Number(one.n)
        counts[one.__state] += n
        const known = reasons.get(`${one.__step} ${one.__reason}`) ?? {
          step: Number(one.__step),
          operation: one.__operation,
          reason: one.__reason,
          rows: 0,
          open: 0,
        }
        reasons.set(`${one.__step} ${one.__reason}`, {
          ...known,
          rows: known.rows + n,
          open: known.open + (one.__state === 'open' ? n : 0),
        })
        if (
          (filter.step === undefined || filter.step === Number(one.__step)) &&
          (filter.reason === undefined || filter.reason === one.__reason) &&
          (filter.state === undefined || filter.state === one.__state)
        )
          total += n
      }
      const found = await run.query<
        Record<string, string | null> & { __row: number; __step: number; __state: RowState }
      >(
        `SELECT * EXCEPT (__key) FROM ${table} WHERE ${conditions(filter)} ORDER BY __row, __step LIMIT ${limit} OFFSET ${offset}`,
      )
      return {
        columns,
        total,
        counts,
        reasons: [...reasons.values()].sort((a, b) => b.rows - a.rows),
        items: found.map((row) => ({
          row: Number(row.__row),
          step: Number(row.__step),
          operation: row.__operation!,
          reason: row.__reason!,
          value: row.__value ?? null,
          bytes: row.__bytes ? JSON.parse(row.__bytes) : null,
          from: row.__from ?? null,
          values: columns.map((_, i) => row[`c${i}`] ?? null),
          state: row.__state,
        })),
      }
    },

    async discard(context, project, dataset, number, which, why) {
      const { version, table, columns } = await open(project, dataset, number)
      const rows = 'rows' in which ? [...new Set(which.rows)] : undefined
      const condition = rows ? `__row IN (${rows.join(', ')})` : conditions({ ...which, state: 'open' })
      const found = table
        ? await run.query<Record<string, string | null>>(
            rows
              ? `SELECT ${columns.map((_, i) => `c${i}`).join(', ')} FROM ${table} WHERE ${condition} ORDER BY __row`
              : `SELECT toString(count()) AS n FROM ${table} WHERE ${condition}`,
          )
        : []
      const count = rows ? found.length : Number(found[0]?.n ?? 0)
      if (count === 0 || (rows && count < rows.length))
        throw new KedgeError('not_found', { kind: 'Quarantined row', name: `of ${dataset}@${version.version}` })
      const before = (await list(project, dataset)).length
      if (before + (rows ? count : 1) > mostDiscards)
        throw new KedgeError(
          'too_large',
          { what: 'The list of discarded rows', limit: `${mostDiscards} rows` },
          { todo: 'Discard all rows of a reason at once, or add a step that removes them.' },
        )
      await journal.change(context, async (change) => {
        const common = {
          project,
          dataset,
          version: version.version,
          why,
          actor: change.context.actor,
          created_at: change.now,
        }
        const values = rows
          ? found.map((row) => ({
              ...common,
              original: toJson(Object.fromEntries(columns.map((name, i) => [name, row[`c${i}`] ?? null]))),
              rows: 1,
            }))
          : [{ ...common, ...(which as { step: number; reason: string }), rows: count }]
        for (const one of values) await change.db.insertInto('dataset_discards').values(one).execute()
        change.append({
          type: 'dataset.rows_discarded',
          project,
          subject: `dataset/${dataset}`,
          data: { dataset, version: version.version, rows: count, why, ...(rows ? {} : (which as object)) },
        })
      })
      return { rows: count }
    },

    withdraw: (context, project, dataset, id) =>
      journal.change(context, async (change) => {
        await withdrawDecision(change, 'dataset_discards', 'Discarded row', { project, dataset, id })
        change.append({
          type: 'dataset.discard_withdrawn',
          project,
          subject: `dataset/${dataset}`,
          data: { dataset, discard: id },
        })
      }),
  }
}
