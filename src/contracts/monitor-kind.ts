import type { SampledRow } from '../statistics/sampled-row.ts'
import type { Slice } from '../statistics/slice.ts'
import type { DriftMetric, FeatureType } from './drift-metric.ts'

export type Task = 'binary' | 'multiclass' | 'regression'

export interface WindowView {
  revision: number
  /** milliseconds since 1970; the end is exclusive */
  start: number
  end: number
  /** how many days of the window have rows */
  days: number
  slice: Slice
  /** the days of `slice` that have rows, in time order */
  parts: readonly WindowPart[]
  task: Task
  /** whether the actuals of the whole window are there */
  actualsComplete: boolean
  /** a uniform sample of its rows, for kinds that need one; empty once retention has taken them */
  sample?: readonly SampledRow[]
  /** of the endpoint in the window, and in the same hours of the weeks before it, newest first; absent while it is not over */
  traffic?: Traffic & { before: readonly Traffic[] }
  /** probability from which a binary score counts as positive; 0.5 when absent */
  threshold?: number
  /** what the model made its predictions of; absent where nothing was explained */
  attributions?: Attributions
}

export interface Attributions {
  features: readonly string[]
  /** the window's explained days, in time order */
  days: readonly AttributedDay[]
  /** the revision's first explained days, as far as they lie before the window */
  before: readonly AttributedDay[]
  /** of the explanations */
  method: string
}

export interface AttributedDay {
  /** start, milliseconds since 1970 */
  day: number
  /** rows of the day, and those of them that were explained */
  rows: number
  samples: number
  /** mean |attribution| of each feature */
  means: readonly number[]
}

/** Rows of all of an endpoint's revisions that answered callers, and the longest run of hours without any. */
export interface Traffic {
  rows: number
  /** hours */
  silence: number
}

export interface WindowPart {
  slice: Slice
  /**
   * How many rows of the endpoint's traffic one row stands for: a release decides what share of a day a revision gets, not
   * the world. 0 for a day within which the share changed: its hours are not those of a whole day.
   */
  weight: number
}

export interface ReferenceView {
  /** where its profiles are kept: `model/NAME/VERSION` or `endpoint/NAME` */
  scope: string
  /** in time order */
  days: readonly Slice[]
  whole: Slice
  /** a uniform sample of its rows, for kinds that need one */
  sample?: readonly SampledRow[]
  /** where its rows were sampled, and of them those of these hours */
  rows?: { scope: string; revision: number; from: number; to: number; when?: (hour: number) => boolean }
}

export interface MonitorSettings {
  /** the promised chance that a window without change violates */
  alpha: number
  /** rows below which a window says "too few samples" */
  minRows: number
  /** groups with fewer rows are named, and nothing is said of them; 30 when absent */
  minGroup?: number
  metrics: Record<FeatureType, DriftMetric>
  /** for these features another one */
  metricsByFeature?: Readonly<Record<string, DriftMetric>>
  /** features to watch; all when absent */
  features?: readonly string[]
  /** fixed limits by monitor name instead of calibrated ones */
  limits: Readonly<Record<string, { low?: number | undefined; high?: number | undefined }>>
}

/** `watch`: beyond its own limit, but not once the whole family of tests is considered. `failed`: the monitor could not run. */
export type ScoreState = 'ok' | 'watch' | 'violation' | 'too_few_samples' | 'no_reference' | 'failed'

export interface MonitorScore {
  /** `family.metric` */
  monitor: string
  /** empty when it is not of one feature */
  feature: string
  segment: string
  value: number | null
  low: number | null
  high: number | null
  samples: number
  thresholdLow: number | null
  thresholdHigh: number | null
  state: ScoreState
  /** chance of such a value without change; goes into the family's false-discovery control */
  p: number | null
  /** metric, bins, correction, reference, method of the threshold: stored with the score */
  definition: Record<string, unknown>
}

/** What is known of an endpoint whose predictions come as they are made, at a time. */
export interface NowView {
  /** milliseconds since 1970 */
  now: number
  /** starts of the hours in which callers were answered, ascending; of the last nine weeks */
  active: readonly number[]
  /** when actuals came, ascending, and the event time of the newest that came then; empty where there are none */
  arrivals: readonly { at: number; time: number }[]
}

export interface MonitorKind {
  /** one alert is open for an endpoint and family at a time */
  family: string
  title: string
  description: string
  /**
   * Default of the promise: of the windows of worlds in which nothing changes at most this share violates the family, each
   * world with a reference of its own (`bench/truth/false-alarms.ts`; the weather of neighbouring days may correlate by up to
   * 0.6). Windows that overlap are alike, and so are those judged by one reference: their alarms come together.
   */
  alpha: number
  monitors: readonly { name: string; title: string; unit: string }[]
  /** rows of the window and of the reference, besides their profiles */
  needs?: 'sample'
  /** Pure. `reference` is absent while there is none. */
  evaluate(window: WindowView, reference: ReferenceView | undefined, settings: MonitorSettings): MonitorScore[]
  /** What is judged by the clock, because it is about rows that do not come. Pure. */
  atNow?(view: NowView, settings: MonitorSettings): MonitorScore[]
}

/** Declares a kind of monitor; the default export of its file in `adapters/monitors`. */
export const defineMonitorKind = (kind: MonitorKind): MonitorKind => kind
