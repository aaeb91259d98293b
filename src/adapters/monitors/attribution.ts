import { byFixedLimit } from '../../contracts/fixed-limit.ts'
import { type AttributedDay, defineMonitorKind, type MonitorScore } from '../../contracts/monitor-kind.ts'
import {
  forecastLimits,
  forecastMean,
  forecastP,
  type MeanPosterior,
  meanPosterior,
} from '../../statistics/mean-forecast.ts'
import { shares } from '../../statistics/shares.ts'
import { fromNearNormal, toNearNormal } from '../../statistics/threshold.ts'
import type { Measured } from '../../statistics/too-few-samples.ts'
import { totalVariation } from '../../statistics/total-variation.ts'

const monitor = 'attribution.distance'
const LEAST_DAYS = 7
/** Features that a score names. */
const MOST_NAMED = 10

/** |attribution| of all rows of a day: sums over days are those of all their rows. */
const weighed = ({ rows, means }: AttributedDay) => means.map((mean) => mean * rows)
const sumOf = (days: readonly AttributedDay[], features: number) =>
  days.map(weighed).reduce<number[]>((all, own) => all.map((x, i) => x + own[i]!), new Array<number>(features).fill(0))

function distance(reference: number[], current: number[]): number {
  const found = totalVariation(reference, current)
  return found.ok ? found.value : Number.NaN
}

const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
const medianOf = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** How far the first days lie from each other. Neighbours resemble a day more than a later window does, and are left out. */
function ofFirstDays(before: readonly AttributedDay[]): Measured<MeanPosterior> {
  const gap = Math.floor(before.length / 10)
  const values = before.map((day, i) => {
    const others = before.filter((_, k) => Math.abs(k - i) > gap)
    return toNearNormal(distance(sumOf(others, day.means.length), weighed(day)))
  })
  const found = values.filter(Number.isFinite)
  return meanPosterior(
    found,
    found.map(() => 0),
  )
}

const count = (days: readonly AttributedDay[]) => days.reduce((n, { samples }) => n + samples, 0)

/** The features whose shares moved most. */
function moved(features: readonly string[], before: readonly number[], now: readonly number[]) {
  const [was, is] = [shares(before), shares(now)]
  return features
    .map((feature, i) => ({ feature, before: was[i]!, now: is[i]! }))
    .sort((a, b) => Math.abs(b.now - b.before) - Math.abs(a.now - a.before))
    .slice(0, MOST_NAMED)
}

export default defineMonitorKind({
  family: 'attribution',
  title: 'Attribution drift',
  description:
    'Whether the model makes its predictions of other features than in the revision’s first days, with limits from those days',
  alpha: 0.01,
  monitors: [{ name: monitor, title: 'Distance of attributions', unit: '' }],
  evaluate({ attributions }, _reference, settings): MonitorScore[] {
    if (!attributions) return []
    const { features, days, before, method } = attributions
    const samples = count(days)
    const definition: Record<string, unknown> = {
      metric: 'attribution_distance',
      formula:
        'of the window’s days: ½ Σ |share − share of the first days| of features’ mean |attribution| of that of all; their mean on the scale of its power 2/3',
      explained: method,
      reference: `the first ${before.length} explained days of the revision before the window`,
    }
    const base = { monitor, feature: '', segment: '', low: null, high: null, thresholdLow: null, p: null, samples }
    const none = { ...base, value: null, thresholdHigh: null }
    if (before.length < LEAST_DAYS)
      return [
        { ...none, state: 'no_reference', definition: { ...definition, needed: LEAST_DAYS, of: 'explained days' } },
      ]
    const reference = sumOf(before, features.length)
    const current = sumOf(days, features.length)
    const least = medianOf(before.map((day) => day.samples)) / 2
    const enough = days.filter((day) => day.samples >= least)
    if (samples < settings.minRows || enough.length === 0)
      return [
        {
          ...none,
          state: 'too_few_samples',
          definition: { ...definition, needed: settings.minRows, of: 'explained rows' },
        },
      ]
    const value = fromNearNormal(meanOf(enough.map((day) => toNearNormal(distance(reference, weighed(day))))))
    if (Number.isNaN(value)) return [{ ...none, state: 'too_few_samples', definition }]
    const measured = {
      ...base,
      value,
      thresholdHigh: null,
      definition: { ...definition, moved: moved(features, reference, current) },
    }
    const fixed = byFixedLimit(measured, settings)
    if (fixed) return [fixed]
    const posterior = ofFirstDays(before)
    if (!posterior.ok)
      return [
        {
          ...measured,
          state: 'no_reference',
          definition: { ...measured.definition, needed: posterior.needed, of: posterior.of },
        },
      ]
    const forecast = forecastMean(
      posterior,
      enough.map(() => 1),
      0,
    )
    const high = fromNearNormal(forecastLimits(forecast, settings.alpha, 'above').high)
    return [
      {
        ...measured,
        thresholdHigh: high,
        p: forecastP(forecast, toNearNormal(value), 'above'),
        state: value > high ? 'watch' : 'ok',
        definition: {
          ...measured.definition,
          threshold: {
            method:
              'each of those days against those that are not its neighbours; forecast of the mean of as many days of the distance to the power 2/3, AR(1), its parameters integrated out',
            alpha: settings.alpha,
            location: fromNearNormal(forecast.location),
            scale: forecast.scale,
            correlation: forecast.correlation,
            chunks: forecast.chunks,
          },
        },
      },
    ]
  },
})
