import { z } from 'zod'
import { monitorSettings } from '../../../monitoring/monitor-settings.ts'

/** Times are milliseconds since 1970 (event time unless said otherwise); ends are exclusive. */
const time = z.number().int()

/** `failed`: the monitor could not run; it is tried again, and is not healthy. */
export const scoreState = z.enum(['ok', 'watch', 'violation', 'too_few_samples', 'no_reference', 'failed'])

export const monitorFamily = z.object({
  family: z.string(),
  title: z.string(),
  description: z.string(),
  /** promised false-alarm rate a window, where the settings say nothing else */
  alpha: z.number(),
  monitors: z.array(z.object({ name: z.string(), title: z.string(), unit: z.string() })),
})

export const driftMetric = z.object({
  name: z.string(),
  title: z.string(),
  definition: z.string(),
  types: z.array(z.enum(['numeric', 'categorical', 'vector'])),
})

export const monitorCatalogue = z.object({ families: z.array(monitorFamily), driftMetrics: z.array(driftMetric) })

export const score = z.object({
  /** `family.metric` */
  monitor: z.string(),
  family: z.string(),
  /** empty when it is not of one feature; `$score` and `$label` are the prediction's own */
  feature: z.string(),
  revision: z.number(),
  segment: z.string(),
  windowStart: time,
  windowEnd: time,
  value: z.number().nullable(),
  /** interval of the value, where it has one */
  low: z.number().nullable(),
  high: z.number().nullable(),
  samples: z.number(),
  /** the reference band: beyond it the value is out of the ordinary */
  thresholdLow: z.number().nullable(),
  thresholdHigh: z.number().nullable(),
  state: scoreState,
  /** metric, bins, reference, method and promise of the threshold */
  definition: z.record(z.string(), z.unknown()),
})

/** In order of monitor, feature, revision and window. */
export const scoreList = z.object({ items: z.array(score) })

export const monitoringOverview = z.object({
  endpoint: z.string(),
  /** largest event times seen; null before the first */
  firstPrediction: time.nullable(),
  lastPrediction: time.nullable(),
  lastActual: time.nullable(),
  /** buckets and windows that wait to be computed: 0 when everything shown is up to date */
  waiting: z.number(),
  /** why the last attempt to compute failed: what is shown is out of date; null while it works */
  failure: z.string().nullable(),
  revisions: z.array(
    z.object({
      revision: z.number(),
      predictions: z.number(),
      live: z.number(),
      actuals: z.number(),
      reference: z.string().nullable(),
    }),
  ),
  families: z.array(
    z.object({
      family: z.string(),
      title: z.string(),
      state: z.enum(['ok', 'watch', 'violation', 'failed', 'unknown', 'off']),
      /** the newest window's scores of the revisions that answer callers */
      scores: z.array(score),
      /** id of the open alert */
      alert: z.number().nullable(),
    }),
  ),
})

export const violation = z.object({
  windowStart: time,
  windowEnd: time,
  revision: z.number(),
  monitor: z.string(),
  feature: z.string(),
  value: z.number().nullable(),
  thresholdLow: z.number().nullable(),
  thresholdHigh: z.number().nullable(),
  samples: z.number(),
})

/** Most likely first. */
export const cause = z.object({
  kind: z.enum(['feature', 'segment', 'outcome', 'score', 'release', 'quality']),
  what: z.string(),
  /** comparable within one alert; larger is likelier */
  weight: z.number(),
  reason: z.string(),
})

export const alert = z.object({
  id: z.number(),
  endpoint: z.string(),
  family: z.string(),
  state: z.enum(['open', 'closed']),
  revision: z.number(),
  /** when Kedge opened it (its own clock) */
  openedAt: time,
  closedAt: time.nullable(),
  firstWindowEnd: time,
  lastWindowEnd: time,
  violations: z.array(violation),
  causes: z.array(cause),
  closedBy: z.string().nullable(),
  reason: z.string().nullable(),
  /** id of the journal's event that opened it */
  event: z.number().nullable(),
})

export const alertList = z.object({ items: z.array(alert) })
export const alertClose = z.object({ reason: z.string().min(1).max(1000) })

const side = z.object({
  /** what it is, for people: `revision 2, 2001-02-01 to 2001-02-08`, `reference model/delay/1` */
  label: z.string(),
  rows: z.number(),
  missing: z.number(),
  mean: z.number().nullable(),
  deviation: z.number().nullable(),
  minimum: z.number().nullable(),
  maximum: z.number().nullable(),
  /** within 1 % */
  quantiles: z.record(z.enum(['p01', 'p05', 'p25', 'p50', 'p75', 'p95', 'p99']), z.number()).nullable(),
  /** one more than `edges` when numeric, one a category when categorical */
  counts: z.array(z.number()),
})

export const featureComparison = z.object({
  feature: z.string(),
  type: z.enum(['numeric', 'categorical']),
  /** numeric: bins are (−∞, e₀], (e₀, e₁], …, (e_last, ∞) */
  edges: z.array(z.number()),
  /** categorical: largest of the reference first; the last, `…`, is all others */
  categories: z.array(z.string()),
  current: side,
  against: side.nullable(),
  /** by drift metric; null with too few rows */
  distances: z.record(z.string(), z.number().nullable()),
})

export const estimate = z.object({ value: z.number(), low: z.number(), high: z.number(), n: z.number() })

export const performancePoint = z.object({
  revision: z.number(),
  start: time,
  end: time,
  predictions: z.number(),
  /** those that answered callers, so not in shadow */
  live: z.number(),
  actuals: z.number(),
  /** share of actuals that are 1; null for regression */
  positives: z.number().nullable(),
  meanScore: z.number().nullable(),
  /** log_loss, brier, auc, calibration, accuracy, or mae, rmse, bias; null with too few samples */
  metrics: z.record(z.string(), estimate.nullable()),
})

export const task = z.enum(['binary', 'multiclass', 'regression'])
export const performanceHistory = z.object({ task, items: z.array(performancePoint) })

/** `second` − `first` on the same rows: those that both revisions predicted and whose actual is known. */
export const revisionComparison = z.object({
  first: z.number(),
  second: z.number(),
  start: time,
  end: time,
  rows: z.number(),
  /** log_loss, brier, auc, or absolute_error, squared_error; null with too few samples */
  differences: z.record(
    z.string(),
    z
      .object({
        first: z.number(),
        second: z.number(),
        difference: z.number(),
        low: z.number(),
        high: z.number(),
        p: z.number(),
      })
      .nullable(),
  ),
})

export const predictionRow = z.object({
  id: z.string(),
  time,
  revision: z.number(),
  shadow: z.boolean(),
  caller: z.string(),
  latencyMs: z.number().nullable(),
  features: z.record(z.string(), z.union([z.number(), z.string()])),
  score: z.number().nullable(),
  label: z.string(),
  actual: z.number().nullable(),
  actualLabel: z.string().nullable(),
})

export const predictionRows = z.object({
  items: z.array(predictionRow),
  /** retention has taken the rows before it; null when it has taken none */
  rawFrom: time.nullable(),
})

export const monitorSettingsAnswer = z.object({ settings: monitorSettings, changed: z.boolean() })
