import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import { limits } from './limits.ts'
import type { Points } from './packed-points.ts'
import { decodePage, nextPage } from './page-token.ts'
import { comparePoints, emptyPoints, slicePoints, sortPoints } from './point-columns.ts'
import { readPoints } from './read-points.ts'
import type { MetricPoint } from './run.ts'
import { fromStored } from './stored-value.ts'

/** Points of one metric of a run, as columns; values as they are stored (`fromStored`). */
export interface RunPoints {
  runId: string
  points: Points
}

const byTime: typeof comparePoints = (a, i, b, j) => a.times[i]! - b.times[j]! || comparePoints(a, i, b, j)

/** The points of metrics over time. */
export function createMetricHistory({ store }: Pick<Environment, 'store'>) {
  async function seriesOf(project: string, runId: string, key: string): Promise<number | null> {
    const [found] = await store.readQuery<{ series: number | null }>(
      `select s.id as series from runs r left join metric_series s on s.run = r.number and s.key = ?
       where r.id = ? and r.project = ?`,
      [key, runId, project],
    )
    if (!found) throw new KedgeError('not_found', { kind: 'Run with id', name: runId })
    return found.series
  }
  const ofSeries = async (series: number | null, steps?: { from: number; to: number }): Promise<Points> =>
    series === null ? emptyPoints(0) : readPoints(store, series, steps)

  const history = {
    /** All points by time, step and value; a page of them when `maxResults` is given. Errors: `not_found`. */
    async columns(
      project: string,
      runId: string,
      key: string,
      page: { maxResults?: number | undefined; pageToken?: string | undefined } = {},
    ): Promise<{ points: Points; next?: string }> {
      const points = sortPoints(await ofSeries(await seriesOf(project, runId, key)), byTime)
      if (page.maxResults === undefined) return { points }
      const { offset } = decodePage(page.pageToken)
      const limit = Math.min(page.maxResults, limits.history)
      const found = points.steps.length - offset
      return { points: slicePoints(points, offset, offset + limit), ...nextPage(found, limit, offset) }
    },

    /** The same as objects. */
    async get(
      project: string,
      runId: string,
      key: string,
      page: { maxResults?: number | undefined; pageToken?: string | undefined } = {},
    ): Promise<{ items: MetricPoint[]; next?: string }> {
      const { points, ...rest } = await history.columns(project, runId, key, page)
      const items = Array.from(points.steps, (step, i) => ({
        step,
        time: points.times[i]!,
        value: fromStored(points.values[i]!),
      }))
      return { items, ...rest }
    },

    /** The points of one metric in several runs, in the order of the run ids; of at most `limit` together. */
    async bulk(project: string, runIds: readonly string[], key: string, limit: number): Promise<RunPoints[]> {
      const found: RunPoints[] = []
      let left = limit
      for (const runId of [...new Set(runIds)].sort()) {
        const series = await seriesOf(project, runId, key)
        if (left <= 0) continue
        const points = slicePoints(sortPoints(await ofSeries(series), byTime), 0, left)
        left -= points.steps.length
        found.push({ runId, points })
      }
      return found
    },

    /** Points of the steps of `[from, to]`, of about `most` points a run: first, last and extremes are kept. */
    async interval(
      project: string,
      runIds: readonly string[],
      key: string,
      most: number,
      from = Number.MIN_SAFE_INTEGER,
      to = Number.MAX_SAFE_INTEGER,
    ): Promise<RunPoints[]> {
      const found: RunPoints[] = []
      for (const runId of new Set(runIds)) {
        const points = await ofSeries(await seriesOf(project, runId, key), { from, to })
        found.push({ runId, points: thin(points, most) })
      }
      return found
    },
  }
  return history
}

/** The lowest and the highest of each of even buckets, one that is not a number, and the first and the last of all. */
function thin(points: Points, most: number): Points {
  const count = points.steps.length
  if (count <= most) return points
  const buckets = Math.max(1, Math.floor(most / 2))
  const kept = new Set([0])
  for (let bucket = 0; bucket < buckets; bucket++) {
    const start = Math.floor((bucket * count) / buckets)
    const end = Math.floor(((bucket + 1) * count) / buckets)
    let low = start
    let high = start
    let gap = -1
    for (let i = start; i < end; i++) {
      const value = fromStored(points.values[i]!)
      if (Number.isNaN(value)) gap = i
      if (value < points.values[low]!) low = i
      // a stored infinity stands for no number
      if (value > points.values[high]! || points.values[high] === Number.POSITIVE_INFINITY) high = i
    }
    for (const i of [low, high, gap]) if (i >= 0) kept.add(i)
  }
  kept.add(count - 1)
  const order = [...kept].sort((a, b) => a - b)
  const column = (numbers: Float64Array) => Float64Array.from(order, (i) => numbers[i]!)
  return { steps: column(points.steps), times: column(points.times), values: column(points.values) }
}
