import {
  defineMonitorKind,
  type MonitorScore,
  type MonitorSettings,
  type ReferenceView,
  type WindowView,
} from '../../contracts/monitor-kind.ts'
import { binaryPerformance } from '../../statistics/binary-performance.ts'
import { estimatedPerformance } from '../../statistics/estimated-performance.ts'
import { createMemory } from '../../statistics/memory.ts'
import { regressionPerformance } from '../../statistics/regression-performance.ts'
import { mergePerformance, noPerformance, type PerformanceSums, type Slice } from '../../statistics/slice.ts'
import {
  calibratedP,
  calibrateMean,
  calibrateRuns,
  limits,
  type SamplingNoise,
  type Side,
} from '../../statistics/threshold.ts'
import type { Estimate, Measured } from '../../statistics/too-few-samples.ts'

interface Metric {
  name: string
  title: string
  side: Side
  /** the loss decides whether the family is violated; the others explain it */
  decides?: boolean
  /** whether it is a mean over rows; else its spread comes from runs of days */
  mean: boolean
  of(sums: PerformanceSums, minRows: number): Measured<Estimate>
  formula: string
}

const binary: Metric[] = [
  {
    name: 'log_loss',
    title: 'Log loss',
    side: 'above',
    decides: true,
    mean: true,
    of: (s, m) => binaryPerformance(s.binary, 0.95, m).logLoss,
    formula: 'mean of −ln of the probability given to what happened',
  },
  {
    name: 'brier',
    title: 'Brier score',
    side: 'above',
    mean: true,
    of: (s, m) => binaryPerformance(s.binary, 0.95, m).brier,
    formula: 'mean squared error of the probability',
  },
  {
    name: 'auc',
    title: 'AUC',
    side: 'below',
    mean: false,
    of: (s, m) => binaryPerformance(s.binary, 0.95, m).auc,
    formula: 'area under the ROC curve, ties half; interval by DeLong on the logit',
  },
  {
    name: 'calibration',
    title: 'Calibration in the large',
    side: 'both',
    mean: true,
    of: (s, m) => binaryPerformance(s.binary, 0.95, m).calibration,
    formula: 'mean actual − mean score',
  },
]

const regression: Metric[] = [
  {
    name: 'mae',
    title: 'Mean absolute error',
    side: 'above',
    decides: true,
    mean: true,
    of: (s, m) => regressionPerformance(s.regression, 0.95, m).mae,
    formula: 'mean |prediction − actual|',
  },
  {
    name: 'rmse',
    title: 'Root mean squared error',
    side: 'above',
    mean: false,
    of: (s, m) => regressionPerformance(s.regression, 0.95, m).rmse,
    formula: '√ mean (prediction − actual)²',
  },
  {
    name: 'bias',
    title: 'Mean error',
    side: 'both',
    mean: true,
    of: (s, m) => regressionPerformance(s.regression, 0.95, m).bias,
    formula: 'mean of prediction − actual',
  },
]

const merged = (days: readonly Slice[]) => days.map((d) => d.performance).reduce(mergePerformance, noPerformance)

const ofReference = createMemory<ReferenceView, number[]>()

/** What of a day's and of the window's mean is the noise of few rows. */
function noiseOf(metric: Metric, window: WindowView, reference: ReferenceView, days: number): SamplingNoise {
  const whole = metric.of(reference.whole.performance, 2)
  if (!whole.ok) return { bucket: 0, window: 0 }
  const ofRow = ((whole.high - whole.low) / 2 / 1.96) ** 2 * whole.n
  return {
    bucket: (ofRow * days) / Math.max(1, reference.whole.performance.joined),
    window: ofRow / Math.max(1, window.slice.performance.joined),
  }
}

/** What the metric does on the reference's own days, for windows like this one. */
function calibrate(metric: Metric, window: WindowView, reference: ReferenceView) {
  const days = reference.days.filter((day) => day.performance.joined > 0)
  if (metric.mean) {
    const values = ofReference(reference, metric.name, () =>
      days.flatMap((day) => {
        const found = metric.of(day.performance, 2)
        return found.ok ? [found.value] : []
      }),
    )
    return calibrateMean(values, window.days, noiseOf(metric, window, reference, days.length))
  }
  const run = Math.max(1, Math.min(window.days, Math.floor(days.length / 3)))
  const values = ofReference(reference, `${metric.name}/${run}`, () =>
    Array.from({ length: Math.max(0, days.length - run + 1) }, (_, i) => {
      const found = metric.of(merged(days.slice(i, i + run)), 2)
      return found.ok ? found.value : Number.NaN
    }),
  )
  return calibrateRuns(values, run, days.length)
}

function scoreMetric(
  metric: Metric,
  window: WindowView,
  reference: ReferenceView | undefined,
  settings: MonitorSettings,
): MonitorScore {
  const monitor = `performance.${metric.name}`
  const found = metric.of(window.slice.performance, settings.minRows)
  const score = {
    monitor,
    feature: '',
    segment: '',
    samples: window.slice.performance.joined,
    thresholdLow: null,
    thresholdHigh: null,
    p: null,
  }
  const definition: Record<string, unknown> = { metric: metric.name, formula: metric.formula, confidence: 0.95 }
  if (!found.ok)
    return {
      ...score,
      value: null,
      low: null,
      high: null,
      state: 'too_few_samples',
      definition: { ...definition, needed: found.needed, of: found.of },
    }
  const measured = { ...score, value: found.value, low: found.low, high: found.high }
  const fixed = settings.limits[monitor]
  if (fixed) {
    const outside = found.value > (fixed.high ?? Infinity) || found.value < (fixed.low ?? -Infinity)
    return {
      ...measured,
      thresholdLow: fixed.low ?? null,
      thresholdHigh: fixed.high ?? null,
      state: outside ? 'violation' : 'ok',
      definition: { ...definition, threshold: { method: 'fixed in the settings' } },
    }
  }
  const calibration = reference && calibrate(metric, window, reference)
  if (!calibration?.ok) {
    const why = !calibration
      ? 'no reference'
      : `the reference has ${calibration.had} ${calibration.of}, ${calibration.needed} are needed`
    return { ...measured, state: 'no_reference', definition: { ...definition, threshold: { method: why } } }
  }
  const { low, high } = limits(calibration, settings.alpha, metric.side)
  return {
    ...measured,
    thresholdLow: Number.isFinite(low) ? low : null,
    thresholdHigh: Number.isFinite(high) ? high : null,
    p: metric.decides ? calibratedP(calibration, found.value, metric.side) : null,
    state: found.value > high || found.value < low ? 'watch' : 'ok',
    definition: {
      ...definition,
      reference: reference?.scope,
      threshold: {
        method: metric.mean
          ? 'means of the reference’s days as an AR(1) series, t'
          : 'runs of days of the reference, t',
        alpha: settings.alpha,
        side: metric.side,
        decides: metric.decides ?? false,
        location: calibration.location,
        scale: calibration.scale,
        df: calibration.df,
        chunks: calibration.chunks,
      },
    },
  }
}

/** What the scores alone let expect; shown beside the realised values, never a cause of an alert. */
function estimates(window: WindowView, settings: MonitorSettings): MonitorScore[] {
  const sketch = window.slice.features.get('$score')?.sketch
  if (!sketch) return []
  const found = estimatedPerformance(sketch, 0.5, 0.95, settings.minRows)
  const names = [
    ['estimated_log_loss', found.logLoss],
    ['estimated_brier', found.brier],
    ['estimated_auc', found.auc],
  ] as const
  return names.flatMap(([name, e]) =>
    e.ok
      ? [
          {
            monitor: `performance.${name}`,
            feature: '',
            segment: '',
            value: e.value,
            low: e.low,
            high: e.high,
            samples: e.n,
            thresholdLow: null,
            thresholdHigh: null,
            state: 'ok' as const,
            p: null,
            definition: {
              metric: name,
              method: 'CBPE: expected under calibrated scores; blind to a change of what the scores mean',
              confidence: 0.95,
            },
          },
        ]
      : [],
  )
}

export default defineMonitorKind({
  family: 'performance',
  title: 'Performance',
  description:
    'Metrics of predictions whose actuals are known, against what they do on the reference; expected values until then',
  alpha: 0.05,
  monitors: [
    ...[...binary, ...regression].map(({ name, title }) => ({ name: `performance.${name}`, title, unit: '' })),
    { name: 'performance.estimated_log_loss', title: 'Log loss, estimated without labels', unit: '' },
    { name: 'performance.estimated_brier', title: 'Brier score, estimated without labels', unit: '' },
    { name: 'performance.estimated_auc', title: 'AUC, estimated without labels', unit: '' },
  ],
  evaluate(window, reference, settings) {
    const estimated = window.task === 'binary' ? estimates(window, settings) : []
    if (!window.actualsComplete) return estimated
    const metrics = window.task === 'binary' ? binary : regression
    return [...metrics.map((metric) => scoreMetric(metric, window, reference, settings)), ...estimated]
  },
})
