import type { Query, SqlStore } from '../storage/sql/sql-store.ts'
import { type Points, packPoints } from './packed-points.ts'
import { joinPoints, slicePoints, sortPoints } from './point-columns.ts'
import { unpackChunks } from './read-points.ts'

/** What a batch has of one metric: points by step, time and value, each once. */
export interface NewPoints {
  key: string
  points: Points
  /** whether they become a chunk of their own instead of rows */
  packed: boolean
}

export interface Series {
  id: number
  key: string
  /** the latest point before this batch; null for a new series */
  prev_step: number | null
  prev_time: number | null
  prev_value: number | null
  /** rows since the last packing, at most */
  recent: number
  /** how many rows make a packing worth it */
  pack_at: number
}

const latest = (column: 'step' | 'time' | 'value') =>
  `${column} = case when (excluded.step, excluded.time, excluded.value) > (metric_series.step, metric_series.time, metric_series.value) then excluded.${column} else metric_series.${column} end`
const onConflict = `on conflict (run, key) do update set prev_step = metric_series.step, prev_time = metric_series.time,
  prev_value = metric_series.value, ${latest('step')}, ${latest('time')}, ${latest('value')}, recent = metric_series.recent + excluded.recent
  returning id, key, prev_step, prev_time, prev_value, recent, pack_at`

/**
 * Records the latest point of each metric and gives their series, whose rows are held until the commit: whoever writes
 * to a series comes after whoever did before. On PostgreSQL in one statement.
 */
export async function upsertSeries(
  kind: SqlStore['kind'],
  query: Query,
  run: number,
  batch: readonly NewPoints[],
): Promise<Map<string, Series>> {
  const found = new Map<string, Series>()
  const add = (rows: Series[]) => {
    for (const row of rows) found.set(row.key, row)
  }
  const columns = (one: NewPoints) => {
    const last = one.points.steps.length - 1
    const { steps, times, values } = one.points
    return [one.key, steps[last]!, times[last]!, values[last]!, one.packed ? 0 : last + 1] as const
  }
  if (kind === 'sqlite') {
    for (const one of batch)
      add(
        await query<Series>(
          `insert into metric_series (run, key, step, time, value, recent) values (?, ?, ?, ?, ?, ?) ${onConflict}`,
          [run, ...columns(one)],
        ),
      )
    return found
  }
  // in one order for all writers, so that none waits for another in a circle
  const rows = [...batch].sort((a, b) => (a.key < b.key ? -1 : 1)).map(columns)
  add(
    await query<Series>(
      `insert into metric_series (run, key, step, time, value, recent)
       select ?, p.* from unnest(?::text[], ?::bigint[], ?::bigint[], ?::double precision[], ?::bigint[]) p ${onConflict}`,
      [run, ...[0, 1, 2, 3, 4].map((column) => rows.map((row) => row[column]))],
    ),
  )
  return found
}

/**
 * Records the latest points and adds all that come later than what was there, in one statement of PostgreSQL. Gives no
 * series when the run is none, or not active.
 */
export async function upsertSeriesWithRows(
  query: Query,
  project: string,
  runId: string,
  batch: readonly NewPoints[],
): Promise<Map<string, Series>> {
  const sorted = [...batch].sort((a, b) => (a.key < b.key ? -1 : 1))
  const counts = sorted.map(({ points }) => points.steps.length)
  const last = (column: keyof Points) => sorted.map(({ points }) => points[column].at(-1)!)
  const all = joinPoints(sorted.map(({ points }) => points))
  const rows = await query<Series>(
    `with active as (select number from runs where id = ? and project = ? and state = 'active'),
     latest as (select * from unnest(?::text[], ?::bigint[], ?::bigint[], ?::double precision[], ?::bigint[]) l (key, step, time, value, recent)),
     changed as (insert into metric_series (run, key, step, time, value, recent)
       select active.number, latest.* from active, latest order by latest.key ${onConflict}),
     added as (insert into metric_points (series, step, time, value)
       select c.id, p.step, p.time, p.value
       from unnest(?::text[], ?::bigint[], ?::bigint[], ?::double precision[]) p (key, step, time, value) join changed c on c.key = p.key
       where c.prev_step is null or (p.step, p.time, p.value) > (c.prev_step, c.prev_time, c.prev_value) on conflict do nothing)
     select * from changed`,
    [
      runId,
      project,
      sorted.map(({ key }) => key),
      last('steps'),
      last('times'),
      last('values'),
      counts,
      sorted.flatMap(({ key }, i) => Array<string>(counts[i]!).fill(key)),
      [...all.steps],
      [...all.times],
      [...all.values],
    ],
  )
  return new Map(rows.map((row) => [row.key, row]))
}

/** Adds rows of points; one that is there already is left alone. */
export async function insertRows(
  kind: SqlStore['kind'],
  query: Query,
  parts: readonly { series: number; points: Points }[],
): Promise<void> {
  if (kind === 'sqlite') {
    for (const { series, points } of parts)
      for (let i = 0; i < points.steps.length; i++)
        query('insert into metric_points (series, step, time, value) values (?, ?, ?, ?) on conflict do nothing', [
          series,
          points.steps[i],
          points.times[i],
          points.values[i],
        ])
    return
  }
  const all = joinPoints(parts.map(({ points }) => points))
  await query(
    `insert into metric_points (series, step, time, value)
     select * from unnest(?::bigint[], ?::bigint[], ?::bigint[], ?::double precision[]) on conflict do nothing`,
    [
      parts.flatMap(({ series, points }) => Array<number>(points.steps.length).fill(series)),
      [...all.steps],
      [...all.times],
      [...all.values],
    ],
  )
}

/** Adds chunks; each of one series, by step, time and value. */
export async function insertChunks(
  kind: SqlStore['kind'],
  query: Query,
  chunks: readonly { series: number; points: Points }[],
): Promise<void> {
  const rows = chunks.map(({ series, points }) => [
    series,
    points.steps[0]!,
    points.steps.at(-1)!,
    points.steps.length,
    packPoints(points),
  ])
  if (kind === 'sqlite') {
    for (const row of rows)
      query('insert into metric_chunks (series, first_step, last_step, points, data) values (?, ?, ?, ?, ?)', row)
    return
  }
  await query(
    `insert into metric_chunks (series, first_step, last_step, points, data)
     select * from unnest(?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bytea[])`,
    [0, 1, 2, 3, 4].map((column) => rows.map((row) => row[column])),
  )
}

/** Takes the chunks that have points of these steps out of the store, and the small one before them. */
export async function takeChunks(query: Query, series: number, from: number, to: number): Promise<Points> {
  const taken = await query<{ first_step: number; data: Uint8Array }>(
    `delete from metric_chunks where series = ? and ((first_step <= ? and last_step >= ?) or number in (
       select number from metric_chunks where series = ? and last_step < ? and points <= ${largestChunk / 2}
       order by last_step desc limit 1)) returning first_step, data`,
    [series, to, from, series, from],
  )
  return sortPoints(unpackChunks([...taken].sort((a, b) => a.first_step - b.first_step)))
}

export const largestChunk = 4096
/** so many points of one metric in one batch are packed at once */
export const leastChunk = 64

/** Points in as few chunks as hold them. */
export function splitPoints(points: Points): Points[] {
  const count = points.steps.length
  const chunks = Math.ceil(count / largestChunk)
  return Array.from({ length: chunks }, (_, i) =>
    slicePoints(points, Math.floor((i * count) / chunks), Math.floor(((i + 1) * count) / chunks)),
  )
}
