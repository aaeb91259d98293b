import type { MonitorScore, ScoreState, WindowView } from '../contracts/monitor-kind.ts'
import type { EventsStore } from '../storage/events/events-store.ts'
import type { EndpointKey } from './stale.ts'

export interface StoredScore {
  monitor: string
  family: string
  feature: string
  revision: number
  segment: string
  windowStart: number
  windowEnd: number
  value: number | null
  low: number | null
  high: number | null
  samples: number
  thresholdLow: number | null
  thresholdHigh: number | null
  state: ScoreState
  definition: Record<string, unknown>
}

const finite = (x: number | null) => (x !== null && Number.isFinite(x) ? x : null)
const iso = (time: number) => new Date(time).toISOString()

/** A score as a row of the events store's table. */
export const encodeScore = (
  { project, endpoint }: EndpointKey,
  window: Pick<WindowView, 'revision' | 'start' | 'end' | 'days'>,
  score: MonitorScore,
  version: number,
  spec: { window: string; zone: string },
) => ({
  project,
  endpoint,
  monitor: score.monitor,
  feature: score.feature,
  revision: window.revision,
  segment: score.segment,
  window_start: iso(window.start),
  window_end: iso(window.end),
  computed_at: version,
  value: finite(score.value),
  low: finite(score.low),
  high: finite(score.high),
  samples: score.samples,
  threshold_low: finite(score.thresholdLow),
  threshold_high: finite(score.thresholdHigh),
  state: score.state,
  definition: JSON.stringify({
    ...score.definition,
    ...(score.p === null ? {} : { p: score.p }),
    days: window.days,
    window: spec.window,
    ...(spec.zone === 'UTC' ? {} : { zone: spec.zone }),
  }),
})

export interface ScoreFilter {
  /** a monitor, or a family */
  monitor?: string
  feature?: string
  revision?: number
  /** windows that end after `from` and at or before `to`, milliseconds since 1970 */
  from?: number
  to?: number
  limit?: number
}

interface Row extends Omit<StoredScore, 'family' | 'definition'> {
  definition: string
}

/** Scores of an endpoint in order of monitor, feature, revision and window; the newest `limit` windows of each. */
export async function readScores(
  events: EventsStore,
  { project, endpoint }: EndpointKey,
  filter: ScoreFilter = {},
): Promise<StoredScore[]> {
  const rows = await events.query<Row>(
    `SELECT monitor, feature, revision, segment, toUnixTimestamp(window_start) * 1000 AS windowStart,
       toUnixTimestamp(window_end) * 1000 AS windowEnd, value, low, high, samples, threshold_low AS thresholdLow,
       threshold_high AS thresholdHigh, state, definition
     FROM scores FINAL
     WHERE project = {project:String} AND endpoint = {endpoint:String}
       AND ({monitor:String} = '' OR monitor = {monitor:String} OR startsWith(monitor, concat({monitor:String}, '.')))
       AND ({anyFeature:Bool} OR feature = {feature:String}) AND ({revision:Int64} < 0 OR revision = {revision:Int64})
       AND window_end > toDateTime({from:UInt32}, 'UTC') AND window_end <= toDateTime({to:UInt32}, 'UTC')
     ORDER BY monitor, feature, revision, segment, window_end DESC
     LIMIT {limit:UInt32} BY monitor, feature, revision, segment`,
    {
      project,
      endpoint,
      monitor: filter.monitor ?? '',
      anyFeature: filter.feature === undefined,
      feature: filter.feature ?? '',
      revision: filter.revision ?? -1,
      from: Math.max(0, Math.floor((filter.from ?? 0) / 1000)),
      to: Math.min(4_102_444_800, Math.ceil((filter.to ?? Infinity) / 1000)),
      limit: filter.limit ?? 400,
    },
  )
  return rows
    .map((row) => ({
      ...row,
      family: row.monitor.split('.')[0]!,
      definition: JSON.parse(row.definition) as Record<string, unknown>,
    }))
    .reverse()
    .sort(
      (a, b) =>
        compare(a.monitor, b.monitor) ||
        compare(a.feature, b.feature) ||
        a.revision - b.revision ||
        a.windowEnd - b.windowEnd,
    )
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
