import { byFixedLimit } from '../../../contracts/fixed-limit.ts'
import type { MonitorScore, MonitorSettings, ReferenceView, WindowView } from '../../../contracts/monitor-kind.ts'
import type { BadShare } from '../../../statistics/bad-shares.ts'
import {
  forecastLimits,
  forecastMean,
  forecastP,
  type MeanPosterior,
  meanPosterior,
} from '../../../statistics/mean-forecast.ts'
import { createMemory } from '../../../statistics/memory.ts'
import { wilsonInterval } from '../../../statistics/proportions-test.ts'
import { type FeatureProfile, type Slice, typeOf } from '../../../statistics/slice.ts'
import type { Measured } from '../../../statistics/too-few-samples.ts'
import { profileOf, runLength } from './profile-of-days.ts'

/** A share of rows this small is never worth an alert. */
const TOLERANCE = 0.005
const worst = createMemory<ReferenceView, number>()
const worlds = createMemory<ReferenceView, Measured<MeanPosterior>>()

const without = <K>(all: ReadonlyMap<K, number>, some: ReadonlyMap<K, number>) =>
  new Map([...all].filter(([key, n]) => n > (some.get(key) ?? 0)))

/** What of `whole` is not in the days that `part` is the profile of: its keys and categories. */
const rest = (whole: FeatureProfile, part: FeatureProfile | undefined): FeatureProfile =>
  part
    ? { ...whole, sketch: without(whole.sketch, part.sketch), categories: without(whole.categories, part.categories) }
    : whole

/** The share of some days of the reference, seen from the rest of it. */
function ofReference(share: BadShare, feature: string, reference: ReferenceView, days: readonly Slice[]) {
  const rows = days.reduce((n, day) => n + day.rows, 0)
  const part = profileOf(days, feature)
  const whole = reference.whole.features.get(feature)!
  return { rows, bad: share.bad(rows, part, rest(whole, part), typeOf(whole)) }
}

/** The largest share among runs of days of the reference. */
function worstOfReference(share: BadShare, feature: string, reference: ReferenceView, run: number): number {
  let most = 0
  for (let i = 0; i + run <= reference.days.length; i += run) {
    const { rows, bad } = ofReference(share, feature, reference, reference.days.slice(i, i + run))
    if (rows > 0) most = Math.max(most, bad / rows)
  }
  return most
}

/** The scale on which a share has the variance 1 / 4 rows, whatever it is (Anscombe 1948), and back. */
const toScale = (bad: number, rows: number) => Math.asin(Math.sqrt((bad + 0.375) / (rows + 0.75)))
const fromScale = (scaled: number) => Math.sin(Math.min(Math.PI / 2, Math.max(0, scaled))) ** 2

/** What the share may be in a window like this one while nothing changes. */
function forecastShare(share: BadShare, feature: string, window: WindowView, reference: ReferenceView) {
  const posterior = worlds(reference, JSON.stringify([share.name, feature]), () => {
    const days = reference.days
      .filter((day) => day.rows > 0)
      .map((day) => ofReference(share, feature, reference, [day]))
    return meanPosterior(
      days.map(({ bad, rows }) => toScale(bad, rows)),
      days.map(({ rows }) => 1 / (4 * rows)),
    )
  })
  if (!posterior.ok) return posterior
  const rows = window.parts.map(({ slice }) => slice.rows)
  return { ok: true as const, ...forecastMean(posterior, rows, 1 / (4 * window.slice.rows)) }
}

/** A share of rows against the reference's runs, and against the forecast from its days. */
export function shareScore(
  share: BadShare,
  feature: string,
  window: WindowView,
  reference: ReferenceView,
  settings: MonitorSettings,
): MonitorScore {
  const monitor = `quality.${share.name}`
  const { slice } = window
  const definition = { metric: share.name, formula: share.formula, reference: reference.scope }
  const whole = reference.whole.features.get(feature)!
  const result = { monitor, feature, segment: '', samples: slice.rows, thresholdLow: null, p: null }
  if (slice.rows < settings.minRows)
    return { ...result, value: null, low: null, high: null, thresholdHigh: null, state: 'too_few_samples', definition }
  const successes = share.bad(slice.rows, slice.features.get(feature), whole, typeOf(whole))
  const value = successes / slice.rows
  const interval = wilsonInterval({ successes, n: slice.rows }, 1 - 2 * settings.alpha)
  const measured = { ...result, value, low: interval.low, high: interval.high }
  const fixed = byFixedLimit({ ...measured, thresholdHigh: null, definition }, settings)
  if (fixed) return fixed
  const run = runLength(window, reference.days)
  const most = worst(reference, JSON.stringify([share.name, feature, run]), () =>
    worstOfReference(share, feature, reference, run),
  )
  const bound = most + TOLERANCE
  const method = `worst run of ${run} days of the reference + ${TOLERANCE}; violated when the lower end of the interval is above`
  const shown = { ...definition, interval: `Wilson, ${1 - 2 * settings.alpha}` }
  const forecast = most > TOLERANCE ? forecastShare(share, feature, window, reference) : undefined
  if (!forecast?.ok)
    return {
      ...measured,
      thresholdHigh: bound,
      state: interval.low > bound ? 'violation' : 'ok',
      definition: { ...shown, threshold: { method, alpha: settings.alpha } },
    }
  // where the share is no rarity its days vary, and the worst of few runs is soon exceeded
  const limit = fromScale(forecastLimits(forecast, settings.alpha, 'above').high)
  return {
    ...measured,
    thresholdHigh: Math.max(bound, limit),
    p: forecastP(forecast, toScale(successes, slice.rows), 'above'),
    state: interval.low > bound && value > limit ? 'watch' : 'ok',
    definition: {
      ...shown,
      threshold: {
        method: `${method}, and the share above the forecast from the reference’s days, whose level, spread and correlation are integrated out`,
        alpha: settings.alpha,
        correlation: forecast.correlation,
        chunks: forecast.chunks,
      },
    },
  }
}
