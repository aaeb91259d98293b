import {
  defineMonitorKind,
  type MonitorScore,
  type MonitorSettings,
  type ReferenceView,
  type WindowView,
} from '../../contracts/monitor-kind.ts'
import { createMemory } from '../../statistics/memory.ts'
import { wilsonInterval } from '../../statistics/proportions-test.ts'
import { type FeatureProfile, mergeProfiles, type Slice, typeOf } from '../../statistics/slice.ts'

/** A share of rows this small is never worth an alert. */
const TOLERANCE = 0.005
const worst = createMemory<ReferenceView, number>()

interface Share {
  name: string
  title: string
  formula: string
  applies(reference: FeatureProfile): boolean
  /** how many of the rows that `current` is the profile of are bad, seen from `reference` */
  bad(rows: number, current: FeatureProfile | undefined, reference: FeatureProfile): number
}

const shares: Share[] = [
  {
    name: 'missing',
    title: 'Missing values',
    formula: 'share of rows without the feature',
    applies: () => true,
    bad: (rows, current) => rows - (current?.count ?? 0),
  },
  {
    name: 'out_of_range',
    title: 'Out of range',
    formula: 'share of rows below the smallest or above the largest value of the reference (within 1 %)',
    applies: (reference) => typeOf(reference) === 'numeric',
    bad(_rows, current, reference) {
      const keys = [...reference.sketch.keys()]
      const lowest = Math.min(...keys)
      const highest = Math.max(...keys)
      let outside = 0
      for (const [key, n] of current?.sketch ?? []) if (key < lowest || key > highest) outside += n
      return outside
    },
  },
  {
    name: 'new_category',
    title: 'New categories',
    formula: 'share of rows with a category that the reference has not',
    applies: (reference) => typeOf(reference) === 'categorical',
    bad(_rows, current, reference) {
      let fresh = 0
      for (const [category, n] of current?.categories ?? []) if (!reference.categories.has(category)) fresh += n
      return fresh
    },
  },
]

const profileOf = (days: readonly Slice[], feature: string) =>
  days
    .flatMap((day) => day.features.get(feature) ?? [])
    .reduce<FeatureProfile | undefined>((a, b) => (a ? mergeProfiles(a, b) : b), undefined)

/** The largest share among runs of days of the reference, each seen from the rest of it. */
function worstOfReference(share: Share, feature: string, reference: ReferenceView, run: number): number {
  let most = 0
  for (let i = 0; i + run <= reference.days.length; i += run) {
    const days = reference.days.slice(i, i + run)
    const rest = profileOf([...reference.days.slice(0, i), ...reference.days.slice(i + run)], feature)
    const rows = days.reduce((n, day) => n + day.rows, 0)
    if (rest && rows > 0) most = Math.max(most, share.bad(rows, profileOf(days, feature), rest) / rows)
  }
  return most
}

function score(
  share: Share,
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
  const successes = share.bad(slice.rows, slice.features.get(feature), whole)
  const interval = wilsonInterval({ successes, n: slice.rows }, 1 - 2 * settings.alpha)
  const run = Math.max(1, Math.min(window.days, Math.floor(reference.days.length / 3)))
  const fixed = settings.limits[monitor]?.high
  const thresholdHigh =
    fixed ??
    worst(reference, JSON.stringify([share.name, feature, run]), () =>
      worstOfReference(share, feature, reference, run),
    ) + TOLERANCE
  return {
    ...result,
    value: successes / slice.rows,
    low: interval.low,
    high: interval.high,
    thresholdHigh,
    state: (fixed === undefined ? interval.low : successes / slice.rows) > thresholdHigh ? 'violation' : 'ok',
    definition: {
      ...definition,
      interval: `Wilson, ${1 - 2 * settings.alpha}`,
      threshold:
        fixed === undefined
          ? {
              method: `worst run of ${run} days of the reference + ${TOLERANCE}; violated when the lower end of the interval is above`,
              alpha: settings.alpha,
            }
          : { method: 'fixed in the settings' },
    },
  }
}

export default defineMonitorKind({
  family: 'quality',
  title: 'Quality',
  description: 'Missing values, values outside the reference’s range, categories that the reference has not',
  alpha: 0.001,
  monitors: shares.map(({ name, title }) => ({ name: `quality.${name}`, title, unit: 'share of rows' })),
  evaluate(window, reference, settings) {
    if (!reference) return []
    const features = [...reference.whole.features].filter(
      ([name]) => !name.startsWith('$') && (settings.features?.includes(name) ?? true),
    )
    return features.flatMap(([name, profile]) =>
      shares.filter((share) => share.applies(profile)).map((share) => score(share, name, window, reference, settings)),
    )
  },
})
