import type { Environment } from '../../environment.ts'
import { hour } from '../event-day.ts'
import { profiledHours } from '../profiled-hours.ts'
import type { EndpointKey } from '../stale.ts'
import type { ColumnFacts, FoundColumn, WatchedColumn } from './column-facts.ts'
import { keepColumns, readColumns } from './column-store.ts'
import { learnFacts } from './learn-facts.ts'
import { recogniseColumns } from './recognise-columns.ts'

/** Rows that show what the columns hold. */
const SHOWN = 1000
/** Rows of an endpoint without a reference that its columns are learnt from: as few at least, and hours until there are as many. */
const LEAST_LEARNT = 500
const MOST_LEARNT = 20_000

export interface ColumnsOfHours {
  columns: WatchedColumn[]
  /** hours that were profiled before their columns were known, milliseconds since 1970 */
  again: number[]
}

/** What a reference's columns hold, by the revision that it is the reference of. */
export type ReferenceColumns = ReadonlyMap<number, ReadonlyMap<string, FoundColumn>>

/** Finds out what the columns of endpoints hold, once: a column stays what it was found to be. */
export function createColumnWatch({ store, events, journal }: Pick<Environment, 'store' | 'events' | 'journal'>) {
  const rowsOf = (where: string) =>
    `SELECT texts FROM predictions WHERE project = {project:String} AND endpoint = {endpoint:String} AND ${where}`

  async function newColumns(
    key: EndpointKey,
    buckets: readonly number[],
    known: readonly string[],
  ): Promise<FoundColumn[]> {
    const seconds = buckets.map((bucket) => bucket / 1000)
    const rows = {
      sql: `${rowsOf("time >= toDateTime64({from:UInt32}, 3, 'UTC') AND time < toDateTime64({to:UInt32}, 3, 'UTC')")} AND notEmpty(texts) LIMIT ${SHOWN}`,
      params: { ...key, from: Math.min(...seconds), to: Math.max(...seconds) + 3600 },
    }
    const kinds = await recogniseColumns(events, rows, { known })
    return [...kinds].map(([name, kind]) => ({ name, kind, facts: null, learntBefore: 0 }))
  }

  /** The hour until which there are rows enough to learn from; undefined while there are not. */
  async function learnable(key: EndpointKey, name: string, newest: number): Promise<number | undefined> {
    const hours = await events.query<{ start: number; rows: number }>(
      `SELECT toUnixTimestamp(toStartOfHour(time)) * 1000 AS start, count() AS rows FROM (
         SELECT time FROM predictions WHERE project = {project:String} AND endpoint = {endpoint:String}
           AND time < toDateTime64({newest:UInt32}, 3, 'UTC') AND mapContains(texts, {name:String})
         ORDER BY time LIMIT ${2 * MOST_LEARNT}
       ) GROUP BY start ORDER BY start`,
      { ...key, name, newest: newest / 1000 },
    )
    let rows = 0
    for (const { start, rows: n } of hours) {
      rows += n
      if (rows >= MOST_LEARNT) return start + hour
    }
    return rows >= LEAST_LEARNT ? newest : undefined
  }

  async function learn(key: EndpointKey, column: FoundColumn, newest: number): Promise<FoundColumn> {
    if (column.facts || (column.kind !== 'text' && column.kind !== 'vector')) return column
    const before = await learnable(key, column.name, newest)
    if (before === undefined) return column
    const rows = {
      sql: `${rowsOf("time < toDateTime64({before:UInt32}, 3, 'UTC')").replace('predictions', 'predictions FINAL')} AND mapContains(texts, {column:String})`,
      params: { ...key, before: before / 1000 },
    }
    return { ...column, facts: await learnFacts(events, rows, column.name, column.kind), learntBefore: before }
  }

  return {
    /** What the endpoint's columns hold as of these hours, whose rows are looked at; what is new is kept. */
    async of(key: EndpointKey, buckets: readonly number[], references: ReferenceColumns): Promise<ColumnsOfHours> {
      const scope = `endpoint/${key.endpoint}`
      const own = (await readColumns(store, key.project, scope)) ?? new Map<string, FoundColumn>()
      const declared = new Map([...references.values()].flatMap((columns) => [...columns]))
      const found = await newColumns(key, buckets, [...own.keys(), ...declared.keys()])
      const newest = Math.max(...buckets)
      const changed: FoundColumn[] = []
      for (const column of [...own.values(), ...found]) {
        const learnt = declared.has(column.name) ? column : await learn(key, column, newest)
        if (learnt.facts !== column.facts || !own.has(column.name)) changed.push(learnt)
        own.set(column.name, learnt)
      }
      if (changed.length > 0)
        await journal.change({ actor: 'monitoring' }, (change) => keepColumns(change, key.project, scope, changed))
      const anew = changed.some(({ kind }) => kind !== 'category')
      return {
        columns: watchedColumns(own, declared, references),
        again: anew ? (await profiledHours({ store, events }, key)).filter((bucket) => !buckets.includes(bucket)) : [],
      }
    },
  }
}

function watchedColumns(
  own: ReadonlyMap<string, FoundColumn>,
  declared: ReadonlyMap<string, FoundColumn>,
  references: ReferenceColumns,
): WatchedColumn[] {
  const all = new Map([...own, ...declared])
  return [...all.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ name, kind }) => {
      if (kind === 'category') return []
      const of = (revision: number | undefined, column: FoundColumn | undefined, learntBefore: number) => {
        const facts: ColumnFacts | null | undefined = column?.kind === kind ? column.facts : null
        return facts ? [{ revision, facts, learntBefore }] : []
      }
      return [
        {
          name,
          kind,
          facts: [
            ...[...references].flatMap(([revision, columns]) => of(revision, columns.get(name), 0)),
            ...of(undefined, own.get(name), own.get(name)?.learntBefore ?? 0),
          ],
        },
      ]
    })
}
