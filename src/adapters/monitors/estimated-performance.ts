import { byFixedLimit } from '../../contracts/fixed-limit.ts'
import {
  defineMonitorKind,
  type MonitorScore,
  type MonitorSettings,
  type ReferenceView,
  type Task,
  type WindowView,
} from '../../contracts/monitor-kind.ts'
import {
  confidenceCalibration,
  estimateOfConfidence,
  lossesOf,
  scoreCalibration,
} from '../../statistics/calibrated-estimates.ts'
import { estimatedPerformance } from '../../statistics/estimated-performance.ts'
import { forecastLimits, forecastMean, type MeanPosterior, meanPosterior } from '../../statistics/mean-forecast.ts'
import { createMemory } from '../../statistics/memory.ts'
import { type SampleColumns, sampleColumns } from '../../statistics/sample-columns.ts'
import type { Slice } from '../../statistics/slice.ts'
import { type Estimate, type Measured, tooFewSamples } from '../../statistics/too-few-samples.ts'

interface Metric {
  name: string
  title: string
  side: 'above' | 'below'
}

const metrics: Record<Task, Metric[]> = {
  binary: [
    { name: 'log_loss', title: 'Log loss', side: 'above' },
    { name: 'brier', title: 'Brier score', side: 'above' },
    { name: 'auc', title: 'AUC', side: 'below' },
    { name: 'accuracy', title: 'Accuracy', side: 'below' },
    { name: 'precision', title: 'Precision', side: 'below' },
    { name: 'recall', title: 'Recall', side: 'below' },
    { name: 'f1', title: 'F1', side: 'below' },
  ],
  multiclass: [{ name: 'accuracy', title: 'Accuracy', side: 'below' }],
  regression: [
    { name: 'mae', title: 'Mean absolute error', side: 'above' },
    { name: 'rmse', title: 'Root mean squared error', side: 'above' },
  ],
}

const methods: Record<Task, string> = {
  binary:
    'CBPE: expected under the reference’s calibrated scores, with the sampling spread of the realised value; blind to a change of what scores mean',
  multiclass:
    'M-CBPE: mean calibrated chance that the predicted class is right; blind to a change of what the confidence means',
  regression:
    'DLE: loss of the reference’s rows with such inputs, by boosted trees; blind to a change of what inputs mean',
}

const columnsOf = createMemory<ReferenceView, SampleColumns>()
const calibrations = createMemory<ReferenceView, ReturnType<typeof scoreCalibration>>()
const confidences = createMemory<ReferenceView, ReturnType<typeof confidenceCalibration>>()
const losses = createMemory<ReferenceView, ReturnType<typeof lossesOf>>()
const ofDays = createMemory<ReferenceView, Estimates[]>()
const bands = createMemory<ReferenceView, Measured<MeanPosterior>>()

type Estimates = Record<string, Measured<Estimate & { samplingError?: number }>>

/** What is expected of a slice's predictions; `rows` are a sample of them. */
function estimates(
  task: Task,
  slice: Slice,
  rows: WindowView['sample'],
  reference: ReferenceView | undefined,
  { threshold, minRows }: { threshold: number; minRows: number },
): Estimates {
  const scores = slice.features.get('$score')?.sketch ?? new Map<number, number>()
  if (task === 'binary') {
    const calibrated = reference && calibrations(reference, '', () => scoreCalibration(reference.whole.performance))
    const found = estimatedPerformance(scores, threshold, 0.95, minRows, calibrated)
    return {
      log_loss: found.logLoss,
      brier: found.brier,
      auc: found.auc,
      accuracy: found.accuracy,
      precision: found.precision,
      recall: found.recall,
      f1: found.f1,
    }
  }
  if (task === 'multiclass') {
    const calibrated = reference && confidences(reference, '', () => confidenceCalibration(reference.sample ?? []))
    return { accuracy: estimateOfConfidence(scores, calibrated, minRows) }
  }
  const columns = reference && columnsOf(reference, '', () => sampleColumns(reference.whole, () => true))
  const model = reference && columns && losses(reference, '', () => lossesOf(reference.sample ?? [], columns))
  if (!model) {
    const few = tooFewSamples('rows of the reference with score and actual', 200, reference?.sample?.length ?? 0)
    return { mae: few, rmse: few }
  }
  return model.estimate(rows ?? [], minRows)
}

/** What is expected of each of the reference's days. */
function posteriorOf(name: string, task: Task, reference: ReferenceView, threshold: number): Measured<MeanPosterior> {
  const of = JSON.stringify([task, threshold])
  return bands(reference, `${of}${name}`, () => {
    const found = ofDays(reference, of, () => {
      const rows = task === 'regression' ? dailyRows(reference) : []
      return reference.days.map((day, i) => estimates(task, day, rows[i], reference, { threshold, minRows: 10 }))
    }).flatMap((day) => (day[name]?.ok ? [day[name].value] : []))
    // the estimates of days differ by which rows they have, not by the labels that these rows might get
    return meanPosterior(
      found,
      found.map(() => 0),
    )
  })
}

/** The reference's sample by day, in order; as many days as it has when it is of whole days. */
function dailyRows(reference: ReferenceView): NonNullable<ReferenceView['sample']>[] {
  const days = new Map<number, NonNullable<ReferenceView['sample']>[number][]>()
  for (const row of reference.sample ?? []) {
    const day = Math.floor(row.hour / 86_400_000)
    const own = days.get(day)
    if (own) own.push(row)
    else days.set(day, [row])
  }
  return [...days].sort((a, b) => a[0] - b[0]).map(([, rows]) => rows)
}

function score(
  { name, side }: Metric,
  found: Estimates[string],
  window: WindowView,
  reference: ReferenceView | undefined,
  settings: MonitorSettings,
): MonitorScore {
  const monitor = `estimated-performance.${name}`
  const definition: Record<string, unknown> = {
    metric: name,
    method: methods[window.task],
    confidence: 0.95,
    ...(reference ? { reference: reference.scope } : { calibration: 'none: there is no reference' }),
  }
  const base = { monitor, feature: '', segment: '', thresholdLow: null, thresholdHigh: null, p: null }
  if (!found.ok)
    return {
      ...base,
      value: null,
      low: null,
      high: null,
      samples: found.had,
      state: 'too_few_samples',
      definition: { ...definition, needed: found.needed, of: found.of },
    }
  const measured = {
    ...base,
    value: found.value,
    low: found.low,
    high: found.high,
    samples: found.n,
    definition: {
      ...definition,
      ...(found.samplingError === undefined ? {} : { samplingError: found.samplingError }),
    },
  }
  const fixed = byFixedLimit(measured, settings)
  if (fixed) return fixed
  const posterior = reference && posteriorOf(name, window.task, reference, window.threshold ?? 0.5)
  if (!posterior?.ok) return { ...measured, state: 'ok' }
  const rows = window.parts.map(({ slice }) => slice.rows).filter((n) => n > 0)
  const limits = forecastLimits(forecastMean(posterior, rows.length > 0 ? rows : [1], 0), settings.alpha, side)
  const low = Number.isFinite(limits.low) ? limits.low : null
  const high = Number.isFinite(limits.high) ? limits.high : null
  return {
    ...measured,
    thresholdLow: low,
    thresholdHigh: high,
    // an estimate is no verdict: what is out of the ordinary is shown, an alert comes from the realised value or a fixed limit
    state: found.value > (high ?? Infinity) || found.value < (low ?? -Infinity) ? 'watch' : 'ok',
    definition: {
      ...measured.definition,
      threshold: {
        method:
          'forecast from the estimates of the reference’s days, AR(1); level, spread and correlation integrated out',
        alpha: settings.alpha,
        side,
        decides: false,
      },
    },
  }
}

export default defineMonitorKind({
  family: 'estimated-performance',
  title: 'Estimated performance',
  description:
    'What performance is to be expected while labels are late or missing; it stays beside the realised values',
  alpha: 0.05,
  monitors: [
    ...new Map(
      Object.values(metrics)
        .flat()
        .map((m) => [m.name, m]),
    ).values(),
  ].map(({ name, title }) => ({
    name: `estimated-performance.${name}`,
    title: `${title}, estimated without labels`,
    unit: '',
  })),
  needs: 'sample',
  evaluate(window, reference, settings) {
    const found = estimates(window.task, window.slice, window.sample, reference, {
      threshold: window.threshold ?? 0.5,
      minRows: settings.minRows,
    })
    if (window.slice.rows === 0) return []
    return metrics[window.task].flatMap((metric) => {
      const own = found[metric.name]
      return own ? [score(metric, own, window, reference, settings)] : []
    })
  },
})
