import type { Environment } from '../environment.ts'
import { comparePoints, slicePoints } from './point-columns.ts'
import { readPoints } from './read-points.ts'
import type { MetricPoint } from './run.ts'
import { fromStored, toStored } from './stored-value.ts'
import { thinRange } from './thin-range.ts'

export interface PlotRange {
  /** `elapsed`: milliseconds since the first point */
  axis: 'step' | 'time' | 'elapsed'
  from?: number | undefined
  to?: number | undefined
}

export interface Curve {
  /** points that there are in all, and within the range */
  total: number
  within: number
  /** when the first point was logged, milliseconds since 1970 */
  firstTime: number | null
  points: MetricPoint[]
}

/** Points of one metric by step, in arrays that grow. */
interface Held {
  series: number
  count: number
  steps: Float64Array
  times: Float64Array
  values: Float64Array
  /** a later point within the order of steps may have been logged at an earlier time */
  timesRise: boolean
  /** its latest point when it was read */
  latest: string
  readAt: number
}

/** a metric of so many points is held */
const leastHeld = 10_000
/** points that are held in memory for the next zoom, of all metrics together */
const mostHeld = 2_000_000
/** what is held is read anew after so long, milliseconds: a point may have been added before the last one */
const holdFor = 60_000

/** Curves for plots: any range of a metric of any length, thinned with its extremes kept. */
export function createMetricPlots({ store, clock }: Pick<Environment, 'store' | 'clock'>) {
  const held = new Map<number, Held>()

  async function read(series: number, latest: string): Promise<Held> {
    const before = held.get(series)
    const usable = before && clock() - before.readAt < holdFor
    if (usable && before.latest === latest) return before
    const own: Held = usable
      ? before
      : {
          series,
          count: 0,
          steps: new Float64Array(1024),
          times: new Float64Array(1024),
          values: new Float64Array(1024),
          timesRise: true,
          latest,
          readAt: clock(),
        }
    const last = own.count - 1
    const after = last < 0 ? Number.MIN_SAFE_INTEGER : own.steps[last]!
    const points = await readPoints(store, series, { from: after, to: Number.MAX_SAFE_INTEGER })
    const known = last < 0 ? undefined : slicePoints(own, last, last + 1)
    for (let i = 0; i < points.steps.length; i++) {
      // what is held has values as they were logged
      if (known && comparePoints(points, i, { ...known, values: known.values.map(toStored) }, 0) <= 0) continue
      add(own, points.steps[i]!, points.times[i]!, fromStored(points.values[i]!))
    }
    own.latest = latest
    keep(own)
    return own
  }

  function keep(own: Held) {
    held.delete(own.series)
    if (own.count < leastHeld || own.count > mostHeld) return
    held.set(own.series, own)
    let points = [...held.values()].reduce((sum, { count }) => sum + count, 0)
    for (const [series, { count }] of held) {
      if (points <= mostHeld) break
      held.delete(series)
      points -= count
    }
  }

  return {
    /** Curves in the order in which they were asked for, of about `most` points each; a run that is not there has none. */
    async curves(
      project: string,
      asked: readonly { run: string; key: string }[],
      most: number,
      range: PlotRange,
    ): Promise<Curve[]> {
      const rows = await store.read
        .selectFrom('metric_series')
        .innerJoin('runs', 'runs.number', 'metric_series.run')
        .select([
          'runs.id as run',
          'metric_series.id as series',
          'metric_series.key',
          'metric_series.step',
          'metric_series.time',
          'metric_series.value',
        ])
        .where('runs.project', '=', project)
        .where('runs.id', 'in', [...new Set(asked.map(({ run }) => run))])
        .where('metric_series.key', 'in', [...new Set(asked.map(({ key }) => key))])
        .execute()
      const found = new Map(rows.map((row) => [`${row.run} ${row.key}`, row]))
      const curves: Curve[] = []
      for (const { run, key } of asked) {
        const row = found.get(`${run} ${key}`)
        if (!row) curves.push({ total: 0, within: 0, firstTime: null, points: [] })
        else curves.push(plot(await read(Number(row.series), `${row.step} ${row.time} ${row.value}`), most, range))
      }
      return curves
    },
  }
}

function add(own: Held, step: number, time: number, value: number) {
  if (own.count === own.steps.length) {
    for (const name of ['steps', 'times', 'values'] as const) {
      const larger = new Float64Array(own.count * 2)
      larger.set(own[name])
      own[name] = larger
    }
  }
  if (own.count > 0 && time < own.times[own.count - 1]!) own.timesRise = false
  own.steps[own.count] = step
  own.times[own.count] = time
  own.values[own.count++] = value
}

function plot(
  own: Held,
  most: number,
  { axis, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: PlotRange,
): Curve {
  const places = axis === 'step' ? own.steps : own.times
  let order: Uint32Array | undefined
  if (axis !== 'step' && !own.timesRise)
    order = Uint32Array.from({ length: own.count }, (_, i) => i).sort((a, b) => places[a]! - places[b]!)
  const at = (i: number) => (order ? order[i]! : i)
  const zero = axis === 'elapsed' && own.count > 0 ? own.times[0]! : 0
  const start = firstWhere(own.count, (i) => places[at(i)]! - zero >= from)
  const end = firstWhere(own.count, (i) => places[at(i)]! - zero > to)
  const within = Math.max(0, end - start)
  // the line goes on to the edges of the picture
  const kept = thinRange((i) => own.values[at(i)]!, Math.max(0, start - 1), Math.min(own.count, end + 1), most)
  return {
    total: own.count,
    within,
    firstTime: own.count > 0 ? own.times[0]! : null,
    points: kept.map((i) => ({ step: own.steps[at(i)]!, time: own.times[at(i)]!, value: own.values[at(i)]! })),
  }
}

/** The first index of [0, count) for which it is so, when it stays so from there on; `count` when it never is. */
function firstWhere(count: number, so: (i: number) => boolean): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (so(middle)) high = middle
    else low = middle + 1
  }
  return low
}
