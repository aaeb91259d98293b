import { z } from 'zod'
import { estimate, scoreState, task } from './monitoring.ts'

/** Times are milliseconds since 1970, event time; ends are exclusive. Arrays of a row stand in the order of `windows`. */
const time = z.number().int()
const number = z.number().nullable()
const numbers = z.array(number)

export const viewWindow = z.object({ start: time, end: time, rows: z.number() })

/** What windows are and what they are held against, as it was understood. */
export const viewDefinition = z.object({
  revision: z.number(),
  /** `7d` and `6h` slide, `day`, `week` and `month` are of the calendar, `1000rows` counts */
  window: z.string(),
  step: z.string(),
  /** of the calendar */
  zone: z.string(),
  /** for people: `model/delay/1`, `the window before`, `revision 1, 2001-02-01 to 2001-02-08` */
  reference: z.string().nullable(),
  /** the rows that it is about; empty: all */
  segment: z.string(),
  /** `stored`: as the monitors judged it; `computed`: for this question, from merged profiles */
  source: z.enum(['stored', 'computed']),
})

/** A monitor (of a feature) over time: what a row of a heat map shows. */
export const scoreRow = z.object({
  /** `family.metric` */
  monitor: z.string(),
  title: z.string(),
  unit: z.string(),
  /** empty when it is not of one feature; `$score` and `$label` are the prediction's own */
  feature: z.string(),
  segment: z.string(),
  type: z.enum(['numeric', 'categorical', '']),
  /** null where the window has no such score */
  value: numbers,
  low: numbers,
  high: numbers,
  thresholdLow: numbers,
  thresholdHigh: numbers,
  samples: z.array(z.number().nullable()),
  /** chance of such a value without change */
  p: numbers,
  state: z.array(scoreState.nullable()),
  /** metric, bins, reference, correction, method of the threshold; of the newest window that has it */
  definition: z.record(z.string(), z.unknown()),
})

/** Feature × time of one family: drift, quality, bias, performance, estimated-performance, multivariate, service. */
export const heatMap = z.object({
  family: z.string(),
  definition: viewDefinition,
  windows: z.array(viewWindow),
  /** rows that violated last come first, then by how far they are beyond their limit */
  rows: z.array(scoreRow),
})

const quantiles = z.object({
  p01: z.number(),
  p05: z.number(),
  p25: z.number(),
  p50: z.number(),
  p75: z.number(),
  p95: z.number(),
  p99: z.number(),
})

export const distributionWindow = viewWindow.extend({
  missing: z.number(),
  mean: number,
  deviation: number,
  minimum: number,
  maximum: number,
  quantiles: quantiles.nullable(),
  /** one more than `edges` when numeric, one a category when categorical */
  counts: z.array(z.number()),
  /** share of rows at or below each edge; empty when categorical */
  cumulative: z.array(z.number()),
  /** by drift metric, against the reference; null with too few rows */
  distances: z.record(z.string(), number),
})

export const featureDistribution = z.object({
  feature: z.string(),
  type: z.enum(['numeric', 'categorical']),
  definition: viewDefinition,
  /** numeric: bins are (−∞, e₀], (e₀, e₁], …, (e_last, ∞) */
  edges: z.array(z.number()),
  /** categorical: largest of the reference first; the last, `…`, is all others */
  categories: z.array(z.string()),
  reference: distributionWindow.nullable(),
  /**
   * Where windows of this length lie in the reference: each statistic between the 2.5 % and the 97.5 % quantile of the
   * reference's own windows; null with fewer than 8 of them.
   */
  band: z
    .object({
      windows: z.number(),
      mean: z.object({ low: z.number(), high: z.number() }).nullable(),
      missing: z.object({ low: z.number(), high: z.number() }),
      quantiles: z.record(z.string(), z.object({ low: z.number(), high: z.number() })).nullable(),
      /** share of rows of each bin or category */
      shares: z.array(z.object({ low: z.number(), high: z.number() })),
    })
    .nullable(),
  windows: z.array(distributionWindow),
})

const metricInfo = z.object({
  name: z.string(),
  title: z.string(),
  unit: z.string(),
  formula: z.string(),
  /** whether more is better */
  better: z.enum(['higher', 'lower', 'neither']),
})

export const performanceWindow = viewWindow.extend({
  revision: z.number(),
  live: z.number(),
  actuals: z.number(),
  /** whether the actuals of the whole window are there: until then the estimate is all there is */
  actualsComplete: z.boolean(),
  /** share of actuals that are 1; null unless binary */
  positives: number,
  meanScore: number,
  /** by metric; null with too few samples */
  realised: z.record(z.string(), estimate.nullable()),
  /** by metric, those that can be estimated without labels; null with too few samples */
  estimated: z.record(z.string(), estimate.nullable()),
})

export const performanceWindows = z.object({
  task,
  definition: viewDefinition,
  /** a segment, `feature=value`; empty for all rows */
  segment: z.string(),
  metrics: z.array(metricInfo),
  /** how estimates come about and what they cannot see */
  estimation: z.string(),
  /** each metric on the whole reference; null without one */
  reference: z.record(z.string(), estimate.nullable()).nullable(),
  windows: z.array(performanceWindow),
})

/** Of one stretch: what happens at every threshold, how well calibrated scores are, which classes are taken for which. */
export const performanceCurves = z.object({
  task,
  revision: z.number(),
  segment: z.string(),
  start: time,
  end: time,
  actuals: z.number(),
  /** binary: at most 200 thresholds, from the highest; null with too few rows */
  thresholds: z
    .array(
      z.object({
        threshold: number,
        truePositiveRate: z.number(),
        falsePositiveRate: z.number(),
        precision: z.number(),
        f1: z.number(),
        matthews: z.number(),
        /** share of rows predicted positive, and of the positives found among them; lift over chance */
        depth: z.number(),
        gain: z.number(),
        lift: number,
      }),
    )
    .nullable(),
  /** binary: the endpoint's own threshold */
  operating: z
    .object({
      threshold: z.number(),
      truePositives: z.number(),
      falsePositives: z.number(),
      falseNegatives: z.number(),
      trueNegatives: z.number(),
    })
    .nullable(),
  areaUnderPrecisionRecall: number,
  reliability: z
    .object({
      ece: z.number(),
      mce: z.number(),
      curve: z.array(
        z.object({ score: z.number(), share: z.number(), low: z.number(), high: z.number(), n: z.number() }),
      ),
    })
    .nullable(),
  /** multiclass: rows by actual, then predicted class */
  confusion: z.object({ classes: z.array(z.string()), counts: z.array(z.array(z.number())) }).nullable(),
  classes: z
    .array(z.object({ name: z.string(), rows: z.number(), precision: estimate, recall: estimate, f1: estimate }))
    .nullable(),
  /** regression: of a sample of the rows with their actual; null with too few */
  residuals: z
    .object({
      n: z.number(),
      /** at most 1,000 of them */
      points: z.array(z.object({ predicted: z.number(), actual: z.number() })),
      /** tenths of the rows by prediction: mean actual with its interval, the middle and nine tenths of prediction − actual */
      parts: z.array(
        z.object({
          from: z.number(),
          to: z.number(),
          n: z.number(),
          predicted: z.number(),
          actual: z.number(),
          low: z.number(),
          high: z.number(),
          residual: z.object({ p05: z.number(), p50: z.number(), p95: z.number() }),
        }),
      ),
      /** prediction − actual: edges are one more than counts; all rows are in them */
      histogram: z.object({ edges: z.array(z.number()), counts: z.array(z.number()) }),
    })
    .nullable(),
})

const interval = z.object({ value: z.number(), low: z.number(), high: z.number(), n: z.number() })

export const fairnessGroup = z.object({
  group: z.string(),
  rows: z.number(),
  actuals: z.number(),
  /** selection, base, true_positive, false_positive, true_negative, false_negative, precision, negative_precision, accuracy */
  rates: z.record(z.string(), interval.nullable()),
  /** mean actual − mean score within the group; null with too few actuals */
  calibrationGap: interval.nullable(),
  /** against the privileged group */
  difference: z.record(
    z.string(),
    z.object({ value: z.number(), low: z.number(), high: z.number(), p: z.number() }).nullable(),
  ),
  ratio: z.record(z.string(), z.object({ value: z.number(), low: z.number(), high: z.number() }).nullable()),
})

export const fairnessMetric = z.object({
  /** demographic_parity, disparate_impact, equal_opportunity, equalised_odds, predictive_parity, calibration, accuracy_equality … */
  name: z.string(),
  title: z.string(),
  formula: z.string(),
  /** null with too few rows in all but one group */
  value: number,
  low: number,
  high: number,
  /** smallest / largest of the groups' rates; null where it has no such form */
  ratio: number,
  lowest: z.string().nullable(),
  highest: z.string().nullable(),
  /** the same on the reference, and how much it moved (bias drift) */
  reference: number,
  change: number,
  thresholdHigh: number,
  state: scoreState,
  needsActuals: z.boolean(),
})

const imbalance = z.object({
  /** total variation to equal shares, 0 to 1 − 1/k */
  value: z.number(),
  /** entropy over ln k: 1 for equal shares */
  evenness: z.number(),
  ratio: number,
  reference: number,
})

export const fairness = z.object({
  revision: z.number(),
  start: time,
  end: time,
  rows: z.number(),
  actuals: z.number(),
  reference: z.string().nullable(),
  /** smallest group of which something is said */
  minimum: z.number(),
  confidence: z.number(),
  /** one an attribute; `a & b` are their intersections */
  attributes: z.array(
    z.object({
      attribute: z.string(),
      privileged: z.string().nullable(),
      groups: z.array(fairnessGroup),
      /** named, because nothing is said of them */
      tooSmall: z.array(z.string()),
      metrics: z.array(fairnessMetric),
      /** how far the sizes of groups are from equal */
      groupImbalance: imbalance.nullable(),
      /** how far the labels within each group are from equal */
      labelImbalance: z.array(z.object({ group: z.string(), value: z.number() })),
    }),
  ),
})

export const worstSegments = z.object({
  task,
  revision: z.number(),
  start: time,
  end: time,
  /** what is compared: a loss of rows, more is worse */
  metric: z.string(),
  whole: estimate.nullable(),
  /** declared ones, then those found by search, worst first */
  segments: z.array(
    z.object({
      segment: z.string(),
      conditions: z.array(z.object({ feature: z.string(), is: z.string() })),
      origin: z.enum(['declared', 'found']),
      rows: z.number(),
      /** share of the stretch's rows */
      share: z.number(),
      value: z.number(),
      low: z.number(),
      high: z.number(),
      /** value − that of all other rows */
      difference: z.number(),
      /** of no difference, and the same corrected for everything that was searched */
      p: z.number(),
      adjusted: z.number(),
      significant: z.boolean(),
    }),
  ),
  /** slices that were looked at, rows they were looked at in */
  searched: z.number(),
  sample: z.number(),
  /** how it was searched and corrected */
  method: z.string(),
})

export const backFill = z.object({
  /** `idle` when none has been asked for */
  state: z.enum(['idle', 'queued', 'running', 'done', 'failed']),
  from: time.nullable(),
  to: time.nullable(),
  windows: z.number(),
  done: z.number(),
  error: z.string().nullable(),
})

export const backFillInput = z
  .object({ from: z.number().int().min(0).optional(), to: z.number().int().min(0).optional() })
  .strict()

export const erasureInput = z
  .object({
    /** ids of predictions */
    ids: z.array(z.string().min(1).max(256)).max(10_000).optional(),
    /** every prediction whose feature has this value */
    feature: z.string().min(1).optional(),
    value: z.union([z.string(), z.number()]).optional(),
    reason: z.string().min(1).max(1000),
  })
  .strict()

export const erasure = z.object({
  id: z.number(),
  state: z.enum(['queued', 'done']),
  erasedAt: z.number(),
  erasedBy: z.string(),
  reason: z.string(),
  predictions: z.number(),
  actuals: z.number(),
  /** hours whose profiles are computed anew without the rows */
  corrected: z.number(),
  /** raw rows before it were gone already: profiles of that time may still count the subject; null when none were */
  uncertainBefore: z.number().nullable(),
})
export const erasureList = z.object({ items: z.array(erasure) })
