import type { Query, SqlStore } from '../storage/sql/sql-store.ts'
import type { Points } from './packed-points.ts'
import { comparePoints, emptyPoints, joinPoints, rowsToPoints, slicePoints, sortPoints } from './point-columns.ts'
import { unpackChunks } from './read-points.ts'
import {
  insertChunks,
  insertRows,
  leastChunk,
  type NewPoints,
  type Series,
  splitPoints,
  takeChunks,
  upsertSeries,
  upsertSeriesWithRows,
} from './series-statements.ts'
import { toStored } from './stored-value.ts'

interface Metric {
  key: string
  value: number
  step: number
  time: number
}

/** how many rows are packed at once: few for a short series, more for a long one, so that no point is packed often */
const mostRows = 1024
const leastAtEnd = 16
/** the end of a run waits for the packing of so many metrics */
const mostAtEnd = 200

/**
 * Adds points to the metrics of a run, each once. Points that come in order cost no reading: what is later than the
 * latest is new. A metric's points of a batch are packed when they are many; few of them stay rows until enough rows have
 * come together.
 */
export async function writePoints(
  kind: SqlStore['kind'],
  query: Query,
  run: number,
  metrics: readonly Metric[],
): Promise<void> {
  const batch = byKey(metrics)
  const series = await upsertSeries(kind, query, run, batch)
  const rows: { series: number; points: Points }[] = []
  const chunks: { series: number; points: Points }[] = []
  const full: Series[] = []
  for (const { key, points, packed } of batch) {
    const own = series.get(key)!
    const inOrder = isLater(points, own)
    if (packed) {
      const all = inOrder ? points : await withStored(query, own.id, points)
      for (const part of splitPoints(all)) chunks.push({ series: own.id, points: part })
    } else {
      const fresh = inOrder ? points : await withoutPacked(query, own.id, points)
      if (fresh.steps.length > 0) rows.push({ series: own.id, points: fresh })
      if (own.recent >= own.pack_at) full.push(own)
    }
  }
  if (rows.length > 0) await insertRows(kind, query, rows)
  if (chunks.length > 0) await insertChunks(kind, query, chunks)
  for (const one of full) await packRows(kind, query, one.id)
}

/**
 * The same for a run that is active, in one statement of PostgreSQL, when no metric has so many points that they are
 * packed. Gives false, having written nothing, when it cannot be done so.
 */
export async function writePointsAtOnce(
  query: Query,
  project: string,
  runId: string,
  metrics: readonly Metric[],
): Promise<boolean> {
  const batch = byKey(metrics)
  if (batch.some((one) => one.packed)) return false
  const series = await upsertSeriesWithRows(query, project, runId, batch)
  if (series.size === 0) return false
  for (const { key, points } of batch) {
    const own = series.get(key)!
    if (!isLater(points, own)) {
      const fresh = await withoutPacked(query, own.id, points)
      if (fresh.steps.length > 0) await insertRows('postgres', query, [{ series: own.id, points: fresh }])
    }
    if (own.recent >= own.pack_at) await packRows('postgres', query, own.id)
  }
  return true
}

/** Makes chunks of what a run has as rows, when it ends; a metric of few points stays as it is. */
export async function packRun(kind: SqlStore['kind'], query: Query, run: number): Promise<void> {
  const series = await query<{ id: number }>(
    `select id from metric_series where run = ? and recent >= ${leastAtEnd} order by recent desc limit ${mostAtEnd}`,
    [run],
  )
  for (const { id } of series) await packRows(kind, query, id)
}

/** Makes chunks of the rows of a series. */
export async function packRows(kind: SqlStore['kind'], query: Query, series: number): Promise<void> {
  const taken = await query<Metric>('delete from metric_points where series = ? returning step, time, value', [series])
  let next = leastChunk
  if (taken.length > 0) {
    const points = sortPoints(rowsToPoints(taken))
    const stored = await takeChunks(query, series, points.steps[0]!, points.steps.at(-1)!)
    const parts = splitPoints(sortPoints(joinPoints([stored, points])))
    await insertChunks(
      kind,
      query,
      parts.map((part) => ({ series, points: part })),
    )
    next = Math.max(leastChunk, Math.min(mostRows, parts.at(-1)!.steps.length / 2))
  }
  await query('update metric_series set recent = 0, pack_at = ? where id = ?', [Math.ceil(next), series])
}

function byKey(metrics: readonly Metric[]): NewPoints[] {
  const keys = new Map<string, Metric[]>()
  for (const metric of metrics) {
    const own = keys.get(metric.key)
    if (own) own.push(metric)
    else keys.set(metric.key, [metric])
  }
  const batch: NewPoints[] = []
  for (const [key, own] of keys) {
    const columns = emptyPoints(own.length)
    for (let i = 0; i < own.length; i++) {
      const { step, time, value } = own[i]!
      columns.steps[i] = step
      columns.times[i] = time
      columns.values[i] = toStored(value)
    }
    const points = sortPoints(columns)
    batch.push({ key, points, packed: points.steps.length >= leastChunk })
  }
  return batch
}

/** Whether all points come after the latest that was there. */
function isLater(points: Points, { prev_step, prev_time, prev_value }: Series): boolean {
  if (prev_step === null) return true
  return comparePoints(points, 0, rowsToPoints([{ step: prev_step, time: prev_time!, value: prev_value! }]), 0) > 0
}

/** The points with all that is stored for their steps, which is taken out of the store. */
async function withStored(query: Query, series: number, points: Points): Promise<Points> {
  const [from, to] = [points.steps[0]!, points.steps.at(-1)!]
  const rows = await query<Metric>(
    'delete from metric_points where series = ? and step >= ? and step <= ? returning step, time, value',
    [series, from, to],
  )
  const chunks = await takeChunks(query, series, from, to)
  return sortPoints(joinPoints([chunks, rowsToPoints(rows), points]))
}

/** The points that no chunk has; rows take care of themselves. */
async function withoutPacked(query: Query, series: number, points: Points): Promise<Points> {
  const chunks = await query<{ data: Uint8Array }>(
    'select data from metric_chunks where series = ? and first_step <= ? and last_step >= ?',
    [series, points.steps.at(-1)!, points.steps[0]!],
  )
  if (chunks.length === 0) return points
  const stored = sortPoints(unpackChunks(chunks))
  const fresh = emptyPoints(points.steps.length)
  let kept = 0
  for (let i = 0, j = 0; i < points.steps.length; i++) {
    while (j < stored.steps.length && comparePoints(stored, j, points, i) < 0) j++
    if (j < stored.steps.length && comparePoints(stored, j, points, i) === 0) continue
    fresh.steps[kept] = points.steps[i]!
    fresh.times[kept] = points.times[i]!
    fresh.values[kept] = points.values[i]!
    kept++
  }
  return slicePoints(fresh, 0, kept)
}
