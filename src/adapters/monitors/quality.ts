import {
  defineMonitorKind,
  type MonitorScore,
  type MonitorSettings,
  type ReferenceView,
  type WindowView,
} from '../../contracts/monitor-kind.ts'
import { wilsonInterval } from '../../statistics/proportions-test.ts'
import { type FeatureProfile, mergeSlices, type Slice, typeOf } from '../../statistics/slice.ts'

/** A share of rows this small is never worth an alert. */
const TOLERANCE = 0.005

interface Share {
  name: string
  title: string
  formula: string
  applies(reference: FeatureProfile): boolean
  /** how many rows of `slice` are bad, seen from `reference` */
  bad(slice: Slice, feature: string, reference: FeatureProfile): number
}

const shares: Share[] = [
  {
    name: 'missing',
    title: 'Missing values',
    formula: 'share of rows without the feature',
    applies: () => true,
    bad: (slice, feature) => slice.rows - (slice.features.get(feature)?.count ?? 0),
  },
  {
    name: 'out_of_range',
    title: 'Out of range',
    formula: 'share of rows below the smallest or above the largest value of the reference (within 1 %)',
    applies: (reference) => typeOf(reference) === 'numeric',
    bad(slice, feature, reference) {
      const keys = [...reference.sketch.keys()]
      const lowest = Math.min(...keys)
      const highest = Math.max(...keys)
      let outside = 0
      for (const [key, n] of slice.features.get(feature)?.sketch ?? []) if (key < lowest || key > highest) outside += n
      return outside
    },
  },
  {
    name: 'new_category',
    title: 'New categories',
    formula: 'share of rows with a category that the reference has not',
    applies: (reference) => typeOf(reference) === 'categorical',
    bad(slice, feature, reference) {
      let fresh = 0
      for (const [category, n] of slice.features.get(feature)?.categories ?? [])
        if (!reference.categories.has(category)) fresh += n
      return fresh
    },
  },
]

/** The largest share among runs of days of the reference, each seen from the rest of it. */
function worstOfReference(share: Share, feature: string, reference: ReferenceView, run: number): number {
  let worst = 0
  for (let i = 0; i + run <= reference.days.length; i += run) {
    const inside = mergeSlices(reference.days.slice(i, i + run))
    const rest = mergeSlices([...reference.days.slice(0, i), ...reference.days.slice(i + run)])
    const seen = rest.features.get(feature)
    if (seen && inside.rows > 0) worst = Math.max(worst, share.bad(inside, feature, seen) / inside.rows)
  }
  return worst
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
  const successes = share.bad(slice, feature, whole)
  const interval = wilsonInterval({ successes, n: slice.rows }, 1 - 2 * settings.alpha)
  const run = Math.max(1, Math.min(window.days, Math.floor(reference.days.length / 3)))
  const fixed = settings.limits[monitor]?.high
  const thresholdHigh = fixed ?? worstOfReference(share, feature, reference, run) + TOLERANCE
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
