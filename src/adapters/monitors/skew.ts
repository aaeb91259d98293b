import { byFixedLimit } from '../../contracts/fixed-limit.ts'
import {
  defineMonitorKind,
  type MonitorScore,
  type MonitorSettings,
  type ReferenceView,
  type WindowView,
} from '../../contracts/monitor-kind.ts'
import { encodingSkew, filledValue } from '../../statistics/encoding-skew.ts'
import { createMemory } from '../../statistics/memory.ts'
import { wilsonInterval } from '../../statistics/proportions-test.ts'
import { type FeatureProfile, noProfile } from '../../statistics/slice.ts'

/** A share of rows this small is never worth an alert. */
const TOLERANCE = 0.01
/** A value that so much more of the rows have than in training looks filled in. */
const FILLED = 0.2
const dayShares = createMemory<ReferenceView, number>()

/** What a share of rows is, seen from the reference's profile of the feature. */
interface SkewShare {
  name: 'encoding' | 'filled'
  title: string
  formula: string
  bound: number
  of(reference: FeatureProfile, current: FeatureProfile): { rows: number; more: Record<string, unknown> }
}

const shares: SkewShare[] = [
  {
    name: 'encoding',
    title: 'Known values in another form',
    formula:
      'share of rows with a value that training had in another form: case, spaces, punctuation, truth values, numbers as texts',
    bound: TOLERANCE,
    of(reference, current) {
      const { rows, changes } = encodingSkew(reference, current)
      return { rows, more: { changes } }
    },
  },
  {
    name: 'filled',
    title: 'A value filled in',
    formula: 'how much more of the rows than of training’s have the value that gained most',
    bound: FILLED,
    of(reference, current) {
      const found = filledValue(reference, current)
      return found
        ? {
            rows: Math.max(0, found.rows - found.before * current.count),
            more: { value: found.value, before: found.before },
          }
        : { rows: 0, more: {} }
    },
  },
]

function score(
  share: SkewShare,
  feature: string,
  window: WindowView,
  reference: ReferenceView,
  settings: MonitorSettings,
): MonitorScore | undefined {
  const current = window.slice.features.get(feature)
  if (!current || current.count < settings.minRows) return undefined
  const whole = reference.whole.features.get(feature)!
  const { rows, more } = share.of(whole, current)
  const value = rows / current.count
  const interval = wilsonInterval({ successes: rows, n: current.count }, 1 - 2 * settings.alpha)
  // of days of training themselves: a value that comes and goes is no skew
  const own = dayShares(reference, JSON.stringify([share.name, feature]), () =>
    Math.max(
      0,
      ...reference.days.map((day) => {
        const part = day.features.get(feature) ?? noProfile
        return part.count >= settings.minRows ? share.of(whole, part).rows / part.count : 0
      }),
    ),
  )
  const bound = own + share.bound
  const measured = {
    monitor: `skew.${share.name}`,
    feature,
    segment: '',
    value,
    low: interval.low,
    high: interval.high,
    samples: current.count,
    thresholdLow: null,
    thresholdHigh: bound,
    p: null,
    definition: {
      metric: share.name,
      formula: share.formula,
      reference: reference.scope,
      ...more,
      threshold: {
        method: `worst day of training + ${share.bound}; violated when the lower end of the interval is above`,
        alpha: settings.alpha,
      },
    },
  }
  return byFixedLimit(measured, settings) ?? { ...measured, state: interval.low > bound ? 'violation' : 'ok' }
}

/** Whether the reference is what the model was trained on, and not something that was served. */
const isTraining = ({ scope }: ReferenceView) => scope.startsWith('model/') || scope.startsWith('reference/')

export default defineMonitorKind({
  family: 'skew',
  title: 'Train–serve skew',
  description:
    'Features that serving does not see as training did, from the first window on: values in another form, values that are filled in',
  alpha: 0.001,
  monitors: shares.map(({ name, title }) => ({ name: `skew.${name}`, title, unit: 'share of rows' })),
  evaluate(window, reference, settings) {
    if (!reference || !isTraining(reference) || window.slice.rows < settings.minRows) return []
    const features = [...reference.whole.features.keys()].filter(
      (name) => !name.startsWith('$') && (settings.features?.includes(name) ?? true),
    )
    return features.flatMap((name) => shares.flatMap((share) => score(share, name, window, reference, settings) ?? []))
  },
})
