import type { DriftMetric, FeatureType } from '../../contracts/drift-metric.ts'
import { byFixedLimit } from '../../contracts/fixed-limit.ts'
import {
  defineMonitorKind,
  type MonitorScore,
  type MonitorSettings,
  type ReferenceView,
  type WindowView,
} from '../../contracts/monitor-kind.ts'
import { forecastLimits, forecastP, type MeanForecast } from '../../statistics/mean-forecast.ts'
import { createMemory } from '../../statistics/memory.ts'
import {
  categoryBins,
  categoryCounts,
  numericBins,
  numericCounts,
  numericEdges,
} from '../../statistics/reference-bins.ts'
import { total } from '../../statistics/shares.ts'
import { type FeatureProfile, noProfile, typeOf } from '../../statistics/slice.ts'
import { forecastDistance, fromNearNormal, toNearNormal, widenForRows } from '../../statistics/threshold.ts'
import type { Measured } from '../../statistics/too-few-samples.ts'

const monitor = 'drift.distance'
const binned = createMemory<ReferenceView, ReturnType<typeof binning>>()
const calibrated = createMemory<ReferenceView, Measured<MeanForecast>>()

/** How a profile is counted over bins that the reference fixes. */
function binning(reference: FeatureProfile, type: FeatureType) {
  if (type === 'vector') {
    const count = (p: FeatureProfile) => [p.vector ? p.count : 0, ...(p.vector ?? reference.vector!.map(() => 0))]
    return { count, rows: (sum: readonly number[]) => sum[0]!, expected: count(reference), shown: [] }
  }
  if (type === 'numeric') {
    const bins = numericBins(reference.sketch)
    return {
      count: (p: FeatureProfile) => numericCounts(p.sketch, bins),
      rows: total,
      expected: numericCounts(reference.sketch, bins),
      shown: numericEdges(bins).map((x) => Number(x.toPrecision(6))),
    }
  }
  const bins = categoryBins(reference.categories)
  return {
    count: (p: FeatureProfile) => categoryCounts(p.categories, bins),
    rows: total,
    expected: categoryCounts(reference.categories, bins),
    shown: bins.categories,
  }
}

/**
 * The window's counts with each day in its place in the endpoint's traffic, the rows behind them, how many equally weighed
 * rows (Kish 1965) tell as much, and the days that count.
 */
function weighedCounts(
  window: WindowView,
  feature: string,
  { count, rows: rowsOf }: Pick<ReturnType<typeof binning>, 'count' | 'rows'>,
) {
  let current: number[] = []
  let samples = 0
  let sum = 0
  let squares = 0
  let steady = 0
  for (const { slice, weight } of window.parts) {
    if (weight === 0) continue
    const counts = count(slice.features.get(feature) ?? noProfile)
    const rows = rowsOf(counts)
    current = counts.map((n, i) => (current[i] ?? 0) + n * weight)
    samples += rows
    sum += rows * weight
    squares += rows * weight * weight
    steady++
  }
  return { current, samples, effective: squares > 0 ? sum ** 2 / squares : 0, steady }
}

function scoreFeature(
  window: WindowView,
  reference: ReferenceView,
  settings: MonitorSettings,
  feature: string,
): MonitorScore {
  const whole = reference.whole.features.get(feature)!
  const type: FeatureType = whole.vector ? 'vector' : typeOf(whole)
  const chosen = settings.metricsByFeature?.[feature]
  const metric: DriftMetric = chosen?.types.includes(type) ? chosen : settings.metrics[type]
  const bins = binned(reference, feature, () => binning(whole, type))
  const { count, shown, expected } = bins
  const { current, samples, effective, steady } = weighedCounts(window, feature, bins)
  const definition: Record<string, unknown> = {
    metric: metric.name,
    formula: metric.definition,
    type,
    bins: shown,
    reference: reference.scope,
  }
  const score = { monitor, feature, segment: '', low: null, high: null, samples, thresholdLow: null }
  if (samples < settings.minRows)
    return { ...score, value: null, thresholdHigh: null, p: null, state: 'too_few_samples', definition }
  const measured = metric.measure(expected, current)
  if (!measured.ok) return { ...score, value: null, thresholdHigh: null, p: null, state: 'too_few_samples', definition }
  const { value } = measured

  const fixed = byFixedLimit({ ...score, value, thresholdHigh: null, p: null, definition }, settings)
  if (fixed) return fixed
  const days = reference.days.length
  const run = Math.max(1, Math.min(steady, Math.floor(days / 3)))
  const distance = (a: number[], b: number[]) => {
    const found = metric.measure(a, b)
    return found.ok ? metric.toScale(found.value) : Number.NaN
  }
  const ofReference = calibrated(reference, JSON.stringify([feature, metric.name, run]), () =>
    forecastDistance(
      reference.days.map((day) => count(day.features.get(feature) ?? noProfile)),
      run,
      distance,
    ),
  )
  const rowsRatio = effective / Math.max(1, (whole.count / Math.max(1, days)) * run)
  if (!ofReference.ok)
    return {
      ...score,
      value,
      thresholdHigh: metric.defaultLimit,
      p: null,
      state: value > metric.defaultLimit ? 'violation' : 'ok',
      definition: { ...definition, threshold: { method: 'default: the reference is too short to calibrate' } },
    }
  const forecast = widenForRows(ofReference, rowsRatio)
  const high = metric.fromScale(fromNearNormal(forecastLimits(forecast, settings.alpha, 'above').high))
  return {
    ...score,
    value,
    thresholdHigh: high,
    p: forecastP(forecast, toNearNormal(metric.toScale(value)), 'above'),
    state: value > high ? 'watch' : 'ok',
    definition: {
      ...definition,
      threshold: {
        method: `runs of ${run} days of the reference against the days of it that are not their neighbours; forecast of the distance to the power 2/3, AR(1), its parameters integrated out`,
        alpha: settings.alpha,
        location: metric.fromScale(fromNearNormal(forecast.location)),
        scale: forecast.scale,
        correlation: forecast.correlation,
        chunks: forecast.chunks,
        rowsRatio: Math.min(1, rowsRatio),
        ...(window.parts.some(({ weight }) => weight !== 1) ? { weighed: 'days as in the endpoint’s traffic' } : {}),
      },
    },
  }
}

export default defineMonitorKind({
  family: 'drift',
  title: 'Drift',
  description:
    'Distance of each feature and of the predictions from the reference, with limits from the reference’s own weeks',
  alpha: 0.01,
  monitors: [{ name: monitor, title: 'Distance from the reference', unit: '' }],
  evaluate(window, reference, settings) {
    if (!reference) return []
    const watched = [...reference.whole.features.keys()].filter(
      (name) =>
        name === '$score' ||
        name === '$label' ||
        (!name.startsWith('$') && (settings.features?.includes(name) ?? true)),
    )
    return watched.map((feature) => scoreFeature(window, reference, settings, feature))
  },
})
