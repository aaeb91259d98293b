import { byFixedLimit } from '../../contracts/fixed-limit.ts'
import {
  defineMonitorKind,
  type MonitorScore,
  type MonitorSettings,
  type ReferenceView,
  type WindowView,
} from '../../contracts/monitor-kind.ts'
import { domainClassifier } from '../../statistics/domain-classifier.ts'
import { fitMahalanobis, mahalanobis } from '../../statistics/mahalanobis.ts'
import {
  forecastLimits,
  forecastMean,
  forecastP,
  type MeanPosterior,
  meanPosterior,
  type Side,
} from '../../statistics/mean-forecast.ts'
import { createMemory } from '../../statistics/memory.ts'
import { meanEstimate, momentsOf, varianceOf } from '../../statistics/moments.ts'
import { fitPrincipalComponents, reconstructionErrorOf } from '../../statistics/principal-components.ts'
import { type SampleColumns, sampleColumns } from '../../statistics/sample-columns.ts'
import type { SampledRow } from '../../statistics/sampled-row.ts'
import { type Measured, tooFewSamples } from '../../statistics/too-few-samples.ts'

/** Of a row, how strange it is to rows of the reference. */
type Strangeness = (row: readonly number[]) => number

interface Method {
  name: string
  title: string
  formula: string
  side: Side
  /** undefined when the rows do not suffice */
  fit(rows: readonly number[][]): Strangeness | undefined
}

const methods: Method[] = [
  {
    name: 'reconstruction_error',
    title: 'Reconstruction error',
    formula:
      'mean distance of standardised rows to the principal components that explain 65 % of the reference’s variance; it moves when columns depend on each other in another way',
    side: 'both',
    fit(rows) {
      const found = fitPrincipalComponents(rows)
      // of what the components express wholly, the errors would be those of rounding
      if (!found.ok || found.fit.explained.reduce((a, b) => a + b, 0) > 1 - 1e-9) return undefined
      return (row) => reconstructionErrorOf(found.fit, row)
    },
  },
  {
    name: 'mahalanobis',
    title: 'Mahalanobis distance',
    formula: 'mean distance of rows to the reference’s mean, in units of its covariance',
    side: 'above',
    fit(rows) {
      const means = rows[0]!.map((_, j) => {
        const there = rows.map((row) => row[j]!).filter((x) => !Number.isNaN(x))
        return there.length > 0 ? there.reduce((a, b) => a + b, 0) / there.length : 0
      })
      const filled = (row: readonly number[]) => row.map((x, j) => (Number.isNaN(x) ? means[j]! : x))
      const found = fitMahalanobis(rows.map(filled), 1e-6)
      return found.ok ? (row) => mahalanobis(found.fit, filled(row)).value : undefined
    },
  },
]

interface Calibrated {
  strangeness: Strangeness
  /** variance that one row brings to the mean */
  ofRow: number
  posterior: Measured<MeanPosterior>
}

const day = 86_400_000
const dayOf = ({ hour }: SampledRow) => Math.floor(hour / day)
const columnsOf = createMemory<ReferenceView, SampleColumns>()
const calibrated = createMemory<ReferenceView, Measured<Calibrated>>()
/** Rows on each side that a domain classifier is fitted on. */
const CLASSIFIED = 600

/** The method fitted on the reference, and what its days' means are when it is fitted on other rows of it. */
function calibrate(method: Method, rows: readonly number[][], sample: readonly SampledRow[]): Measured<Calibrated> {
  const strangeness = method.fit(rows)
  const halves = [0, 1].map((half) => method.fit(rows.filter((_, i) => i % 2 !== half)))
  if (!strangeness || !halves[0] || !halves[1])
    return tooFewSamples('columns that vary apart from each other', 2, rows.length)
  const values = rows.map((row, i) => halves[i % 2]!(row))
  const ofRow = varianceOf(momentsOf(values))
  const days = new Map<number, { n: number; sum: number }>()
  values.forEach((value, i) => {
    const own = days.get(dayOf(sample[i]!)) ?? { n: 0, sum: 0 }
    own.n++
    own.sum += value
    days.set(dayOf(sample[i]!), own)
  })
  const chunks = [...days].sort((a, b) => a[0] - b[0]).map(([, chunk]) => chunk)
  return {
    ok: true,
    strangeness,
    ofRow,
    posterior: meanPosterior(
      chunks.map(({ n, sum }) => sum / n),
      chunks.map(({ n }) => ofRow / n),
    ),
  }
}

function score(
  method: Method,
  window: WindowView,
  reference: ReferenceView,
  settings: MonitorSettings,
  { names, encode }: SampleColumns,
): MonitorScore {
  const monitor = `multivariate.${method.name}`
  const sample = window.sample ?? []
  const definition: Record<string, unknown> = {
    metric: method.name,
    formula: method.formula,
    columns: names,
    reference: reference.scope,
    sample: { window: sample.length, reference: reference.sample?.length ?? 0 },
  }
  const base = {
    monitor,
    feature: '',
    segment: '',
    samples: sample.length,
    thresholdLow: null,
    thresholdHigh: null,
    p: null,
  }
  const none = { ...base, value: null, low: null, high: null }
  const past = reference.sample ?? []
  if (past.length < Math.max(20, settings.minRows))
    return { ...none, state: 'no_reference', definition: { ...definition, needed: settings.minRows } }
  const fitted = calibrated(reference, JSON.stringify([method.name, names]), () =>
    calibrate(method, past.map(encode), past),
  )
  if (!fitted.ok || sample.length < settings.minRows)
    return {
      ...none,
      state: 'too_few_samples',
      definition: {
        ...definition,
        needed: fitted.ok ? settings.minRows : fitted.needed,
        of: fitted.ok ? 'rows of the sample; there are none once retention has taken the raw rows' : fitted.of,
      },
    }
  const values = sample.map((row) => fitted.strangeness(encode(row)))
  const found = meanEstimate(momentsOf(values), 0.95, 2)
  if (!found.ok) return { ...none, state: 'too_few_samples', definition }
  const measured = { ...base, value: found.value, low: found.low, high: found.high, definition }
  const fixed = byFixedLimit(measured, settings)
  if (fixed) return fixed
  if (!fitted.posterior.ok)
    return {
      ...measured,
      state: 'no_reference',
      definition: {
        ...definition,
        threshold: {
          method: `the reference has rows of ${fitted.posterior.had} days, ${fitted.posterior.needed} are needed`,
        },
      },
    }
  const rows = new Map<number, number>()
  for (const row of sample) rows.set(dayOf(row), (rows.get(dayOf(row)) ?? 0) + 1)
  const weights = [...rows].sort((a, b) => a[0] - b[0]).map(([, n]) => n)
  const forecast = forecastMean(fitted.posterior, weights, fitted.ofRow / sample.length)
  const limits = forecastLimits(forecast, settings.alpha, method.side)
  const low = Number.isFinite(limits.low) ? limits.low : null
  return {
    ...measured,
    thresholdLow: low,
    thresholdHigh: limits.high,
    p: forecastP(forecast, found.value, method.side),
    state: found.value > limits.high || found.value < (low ?? -Infinity) ? 'watch' : 'ok',
    definition: {
      ...definition,
      threshold: {
        method:
          'forecast of the window’s mean from the means of the reference’s days (each row by what was fitted on other rows), AR(1) and noise of few rows; level, spread and correlation integrated out',
        alpha: settings.alpha,
        side: method.side,
        location: forecast.location,
        scale: forecast.scale,
        correlation: forecast.correlation,
        chunks: forecast.chunks,
      },
    },
  }
}

/** By what rows of the window can be told from the reference's; it explains, the other methods judge. */
function classifier(window: WindowView, reference: ReferenceView, { names, encode }: SampleColumns): MonitorScore[] {
  const rows = (sample: readonly SampledRow[] | undefined) => (sample ?? []).slice(0, CLASSIFIED).map(encode)
  const found = domainClassifier(rows(reference.sample), rows(window.sample))
  if (!found.ok) return []
  return [
    {
      monitor: 'multivariate.domain_classifier',
      feature: '',
      segment: '',
      value: found.value,
      low: found.low,
      high: found.high,
      samples: Math.min(CLASSIFIED, window.sample?.length ?? 0),
      thresholdLow: null,
      thresholdHigh: null,
      state: 'ok',
      p: null,
      definition: {
        metric: 'domain_classifier',
        formula:
          'AUC of boosted trees that tell the window’s rows from the reference’s, in five folds; ½ when nothing tells them',
        reference: reference.scope,
        confidence: 0.95,
        columns: Object.fromEntries(
          names
            .map((name, i): [string, number] => [name, found.columns[i]!])
            .sort((a, b) => b[1] - a[1])
            .slice(0, 20),
        ),
      },
    },
  ]
}

export default defineMonitorKind({
  family: 'multivariate',
  title: 'Multivariate drift',
  description: 'Rows as a whole against the reference’s: finds a change of how features depend on each other',
  alpha: 0.01,
  monitors: [
    ...methods.map(({ name, title }) => ({ name: `multivariate.${name}`, title, unit: '' })),
    { name: 'multivariate.domain_classifier', title: 'Domain classifier', unit: 'AUC' },
  ],
  needs: 'sample',
  evaluate(window, reference, settings) {
    if (!reference || !window.sample) return []
    const columns = columnsOf(reference, JSON.stringify(settings.features ?? null), () =>
      sampleColumns(reference.whole, (name) => settings.features?.includes(name) ?? true),
    )
    if (columns.names.length < 2) return []
    const scores = methods.map((method) => score(method, window, reference, settings, columns))
    const strange = scores.some(({ state }) => state === 'watch' || state === 'violation')
    return strange ? [...scores, ...classifier(window, reference, columns)] : scores
  },
})
