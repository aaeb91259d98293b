// Over 300 lines: a table of the metrics of every task, and the two ways to forecast them.
import { byFixedLimit } from '../../contracts/fixed-limit.ts'
import {
  defineMonitorKind,
  type MonitorScore,
  type MonitorSettings,
  type ReferenceView,
  type Task,
  type WindowView,
} from '../../contracts/monitor-kind.ts'
import { binaryPerformance } from '../../statistics/binary-performance.ts'
import { speakDifferently } from '../../statistics/label-vocabularies.ts'
import {
  forecastLimits,
  forecastMean,
  forecastP,
  type MeanForecast,
  type MeanPosterior,
  meanPosterior,
  type Side,
  spreadForecast,
} from '../../statistics/mean-forecast.ts'
import { createMemory } from '../../statistics/memory.ts'
import { type MultiClassPerformance, multiClassPerformance } from '../../statistics/multi-class-performance.ts'
import { regressionPerformance } from '../../statistics/regression-performance.ts'
import { mergePerformance, noPerformance, type PerformanceSums, type Slice } from '../../statistics/slice.ts'
import { forecastRuns } from '../../statistics/threshold.ts'
import { type Estimate, type Measured, tooFewSamples } from '../../statistics/too-few-samples.ts'

interface Metric {
  name: string
  title: string
  side: Side
  /** the loss decides whether the family is violated; the others explain it */
  decides?: boolean
  /** how the days' values of a mean over rows vary: by factors (a loss) or by differences; `runs` when it is no such mean */
  varies: 'logarithm' | 'linear' | 'runs'
  of(sums: PerformanceSums, minRows: number): Measured<Estimate>
  formula: string
}

const binary: Metric[] = [
  {
    name: 'log_loss',
    title: 'Log loss',
    side: 'above',
    decides: true,
    varies: 'logarithm',
    of: (s, m) => binaryPerformance(s.binary, 0.95, m).logLoss,
    formula: 'mean of −ln of the probability given to what happened',
  },
  {
    name: 'brier',
    title: 'Brier score',
    side: 'above',
    varies: 'logarithm',
    of: (s, m) => binaryPerformance(s.binary, 0.95, m).brier,
    formula: 'mean squared error of the probability',
  },
  {
    name: 'auc',
    title: 'AUC',
    side: 'below',
    varies: 'runs',
    of: (s, m) => binaryPerformance(s.binary, 0.95, m).auc,
    formula: 'area under the ROC curve, ties half; interval by DeLong on the logit',
  },
  {
    name: 'calibration',
    title: 'Calibration in the large',
    side: 'both',
    varies: 'linear',
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
    varies: 'logarithm',
    of: (s, m) => regressionPerformance(s.regression, 0.95, m).mae,
    formula: 'mean |prediction − actual|',
  },
  {
    name: 'rmse',
    title: 'Root mean squared error',
    side: 'above',
    varies: 'runs',
    of: (s, m) => regressionPerformance(s.regression, 0.95, m).rmse,
    formula: '√ mean (prediction − actual)²',
  },
  {
    name: 'bias',
    title: 'Mean error',
    side: 'both',
    varies: 'linear',
    of: (s, m) => regressionPerformance(s.regression, 0.95, m).bias,
    formula: 'mean of prediction − actual',
  },
]

/** Nothing where predictions and actuals name their classes in other words: `quality.labels` says so. */
function ofClasses(confusion: PerformanceSums['confusion'], minimum: number) {
  if (speakDifferently(confusion)) return tooFewSamples('rows whose two classes are in the same words', minimum, 0)
  return multiClassPerformance(confusion ?? new Map(), 0.95, minimum)
}

/** Share of rows whose predicted class is not the actual one. */
const errorRate = ({ confusion }: PerformanceSums, minimum: number): Measured<Estimate> => {
  const found = ofClasses(confusion, minimum)
  if (!found.ok) return found
  const { value, low, high, n } = found.accuracy
  return { ok: true, value: 1 - value, low: 1 - high, high: 1 - low, n }
}

/** A value without an interval: how it varies is told by the reference's runs of days. */
const bare =
  (of: (found: MultiClassPerformance) => number) =>
  ({ confusion }: PerformanceSums, minimum: number): Measured<Estimate> => {
    const found = ofClasses(confusion, minimum)
    if (!found.ok) return found
    const value = of(found)
    return { ok: true, value, low: value, high: value, n: found.accuracy.n }
  }

const multiclass: Metric[] = [
  {
    name: 'error_rate',
    title: 'Error rate',
    side: 'above',
    decides: true,
    varies: 'linear',
    of: errorRate,
    formula: 'share of rows whose predicted class is not the actual one; Wilson’s interval',
  },
  {
    name: 'macro_f1',
    title: 'Macro F1',
    side: 'below',
    varies: 'runs',
    of: bare((found) => found.macro.f1),
    formula: 'plain mean of the classes’ F1',
  },
  {
    name: 'balanced_accuracy',
    title: 'Balanced accuracy',
    side: 'below',
    varies: 'runs',
    of: bare((found) => found.balancedAccuracy),
    formula: 'mean recall of the classes that occur',
  },
]

const metrics: Record<Task, Metric[]> = { binary, multiclass, regression }

const merged = (days: readonly Slice[]) => days.map((d) => d.performance).reduce(mergePerformance, noPerformance)

const worldsOfReference = createMemory<ReferenceView, Measured<MeanPosterior>>()
const numbersOfReference = createMemory<ReferenceView, number>()
const runsOfReference = createMemory<ReferenceView, Measured<MeanForecast>>()

/** Variance that one row brings to the metric's mean. */
const rowVariance = (metric: Metric, reference: ReferenceView): number =>
  numbersOfReference(reference, metric.name, () => {
    const whole = metric.of(reference.whole.performance, 2)
    return whole.ok ? ((whole.high - whole.low) / 2 / 1.96) ** 2 * whole.n : 0
  })

const meanOfReference = (metric: Metric, reference: ReferenceView): number =>
  numbersOfReference(reference, `${metric.name}/mean`, () => {
    const whole = metric.of(reference.whole.performance, 2)
    return whole.ok ? whole.value : 0
  })

/** What a mean over rows is in a window like this one while nothing changes, on the scale on which it varies. */
function forecastOfMean(
  metric: Metric,
  scale: 'logarithm' | 'linear',
  window: WindowView,
  reference: ReferenceView,
): Measured<MeanForecast> {
  const ofRow = rowVariance(metric, reference)
  const mean = meanOfReference(metric, reference)
  // of a logarithm, by the delta method
  const noise = scale === 'logarithm' && mean > 0 ? ofRow / mean ** 2 : ofRow
  const posterior = worldsOfReference(reference, metric.name, () => {
    const days = reference.days.flatMap((day) => {
      const found = metric.of(day.performance, 2)
      return found.ok && (scale === 'linear' || found.value > 0) ? [found] : []
    })
    return meanPosterior(
      days.map((day) => (scale === 'logarithm' ? Math.log(day.value) : day.value)),
      days.map((day) => noise / day.n),
    )
  })
  if (!posterior.ok) return posterior
  const rows = window.parts.map(({ slice }) => slice.performance.joined).filter((n) => n > 0)
  return { ok: true, ...forecastMean(posterior, rows, noise / Math.max(1, window.slice.performance.joined), scale) }
}

function forecastOfRuns(metric: Metric, window: WindowView, reference: ReferenceView): Measured<MeanForecast> {
  const days = reference.days.filter((day) => day.performance.joined > 0)
  const run = Math.max(1, Math.min(window.days, Math.floor(days.length / 3)))
  const forecast = runsOfReference(reference, `${metric.name}/${run}`, () =>
    forecastRuns(
      Array.from({ length: Math.max(0, days.length - run + 1) }, (_, i) => {
        const found = metric.of(merged(days.slice(i, i + run)), 2)
        return found.ok ? found.value : Number.NaN
      }),
    ),
  )
  if (!forecast.ok) return forecast
  const rowsRatio = window.slice.performance.joined / ((reference.whole.performance.joined / days.length) * run)
  return { ok: true, ...spreadForecast(forecast, 1 / Math.sqrt(Math.min(1, rowsRatio))) }
}

const unknowns = 'level, spread and correlation of the days integrated out'
const methods = {
  logarithm: `forecast of the window’s mean from the logarithms of the reference’s days, AR(1) and noise of few rows; ${unknowns}`,
  linear: `forecast of the window’s mean from the reference’s days, AR(1) and noise of few rows; ${unknowns}`,
  runs: `forecast from runs of days of the reference, AR(1); ${unknowns}`,
}
const same = (x: number) => x

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
  const measured = { ...score, value: found.value, low: found.low, high: found.high, definition }
  const fixed = byFixedLimit(measured, settings)
  if (fixed) return fixed
  const { varies } = metric
  const forecast =
    reference &&
    (varies === 'runs' ? forecastOfRuns(metric, window, reference) : forecastOfMean(metric, varies, window, reference))
  if (!forecast?.ok) {
    const why = !forecast
      ? 'no reference'
      : `the reference has ${forecast.had} ${forecast.of}, ${forecast.needed} are needed`
    return { ...measured, state: 'no_reference', definition: { ...definition, threshold: { method: why } } }
  }
  const [to, from] = varies === 'logarithm' ? [Math.log, Math.exp] : [same, same]
  const limits = forecastLimits(forecast, settings.alpha, metric.side)
  const low = metric.side === 'above' ? null : from(limits.low)
  const high = metric.side === 'below' ? null : from(limits.high)
  return {
    ...measured,
    thresholdLow: low,
    thresholdHigh: high,
    p: metric.decides ? forecastP(forecast, to(found.value), metric.side) : null,
    state: found.value > (high ?? Infinity) || found.value < (low ?? -Infinity) ? 'watch' : 'ok',
    definition: {
      ...definition,
      reference: reference?.scope,
      threshold: {
        method: methods[varies],
        alpha: settings.alpha,
        side: metric.side,
        decides: metric.decides ?? false,
        location: from(forecast.location),
        scale: forecast.scale,
        correlation: forecast.correlation,
        chunks: forecast.chunks,
      },
    },
  }
}

export default defineMonitorKind({
  family: 'performance',
  title: 'Performance',
  description: 'Metrics of predictions whose actuals are known, against what they do on the reference',
  alpha: 0.05,
  monitors: [
    ...[...binary, ...multiclass, ...regression].map(({ name, title }) => ({
      name: `performance.${name}`,
      title,
      unit: '',
    })),
  ],
  evaluate(window, reference, settings) {
    if (!window.actualsComplete) return []
    return metrics[window.task].map((metric) => scoreMetric(metric, window, reference, settings))
  },
})
