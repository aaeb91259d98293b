import type { Query, SqlStore } from '../storage/sql/sql-store.ts'
import { countPoints, type Points, unpackPoints } from './packed-points.ts'
import { emptyPoints, joinPoints, rowsToPoints, sortPoints } from './point-columns.ts'

interface Chunk {
  data: Uint8Array
  first_step: number
}

/** The points that chunks hold, in the chunks' order. */
export function unpackChunks(chunks: readonly Pick<Chunk, 'data'>[]): Points {
  const points = emptyPoints(chunks.reduce((sum, chunk) => sum + countPoints(chunk.data), 0))
  let at = 0
  for (const chunk of chunks) at += unpackPoints(chunk.data, points, at)
  return points
}

/**
 * All points of a series by step, time and value, or those of some steps: what is packed and what is not yet, in one
 * answer. Values are as they are stored (`fromStored`).
 */
export async function readPoints(
  store: Pick<SqlStore, 'readQuery' | 'kind'>,
  series: number,
  steps: { from: number; to: number } | undefined = undefined,
): Promise<Points> {
  return readWith(store.readQuery, series, steps)
}

async function readWith(
  query: Query,
  series: number,
  steps: { from: number; to: number } | undefined,
): Promise<Points> {
  // in one statement: what is being packed is never seen twice, nor missed
  const range = steps ? 'and first_step <= ? and last_step >= ?' : ''
  const rowRange = steps ? 'and step <= ? and step >= ?' : ''
  const bounds = steps ? [steps.to, steps.from] : []
  const found = await query<{ data: Uint8Array | null; step: number; time: number | null; value: number | null }>(
    `select data, first_step as step, null as time, null as value from metric_chunks where series = ? ${range}
     union all select null, step, time, value from metric_points where series = ? ${rowRange}`,
    [series, ...bounds, series, ...bounds],
  )
  const chunks: Chunk[] = []
  const rows: { step: number; time: number; value: number }[] = []
  for (const row of found) {
    if (row.data) chunks.push({ data: row.data, first_step: row.step })
    else rows.push({ step: row.step, time: row.time!, value: row.value! })
  }
  chunks.sort((a, b) => a.first_step - b.first_step)
  const points = sortPoints(joinPoints([unpackChunks(chunks), rowsToPoints(rows)]))
  return steps ? within(points, steps) : points
}

function within(points: Points, { from, to }: { from: number; to: number }): Points {
  let start = 0
  while (start < points.steps.length && points.steps[start]! < from) start++
  let end = points.steps.length
  while (end > start && points.steps[end - 1]! > to) end--
  return {
    steps: points.steps.subarray(start, end),
    times: points.times.subarray(start, end),
    values: points.values.subarray(start, end),
  }
}
