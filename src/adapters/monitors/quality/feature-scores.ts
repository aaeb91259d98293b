import type { MonitorScore, MonitorSettings, ReferenceView, WindowView } from '../../../contracts/monitor-kind.ts'
import { createMemory } from '../../../statistics/memory.ts'
import { unitShift } from '../../../statistics/unit-shift.ts'
import { blank, judged } from './blank-score.ts'
import { profileOf, runLength } from './profile-of-days.ts'

/** Beyond the largest factor among the reference's own runs by this much, on the common logarithm: about 3 times. */
const UNIT = 0.5
const widest = createMemory<ReferenceView, number>()

/** The factor that all values of a number were multiplied by. */
export function unitScores(
  feature: string,
  window: WindowView,
  reference: ReferenceView,
  settings: MonitorSettings,
): MonitorScore[] {
  const whole = reference.whole.features.get(feature)!
  const current = window.slice.features.get(feature)
  const found = current && unitShift(whole.sketch, current.sketch, settings.minRows)
  if (!found?.ok) return []
  const run = runLength(window, reference.days)
  const own = widest(reference, JSON.stringify([feature, run]), () => {
    let most = 0
    for (let i = 0; i + run <= reference.days.length; i++) {
      const part = profileOf(reference.days.slice(i, i + run), feature)
      const shift = part && unitShift(whole.sketch, part.sketch)
      if (shift?.ok) most = Math.max(most, Math.abs(shift.value))
    }
    return most
  })
  const value = Math.abs(found.value)
  return [
    judged(
      {
        ...blank('quality.unit', feature, current?.count ?? 0),
        value,
        thresholdHigh: own + UNIT,
        state: value > own + UNIT ? 'violation' : 'ok',
        definition: {
          metric: 'unit',
          formula: '|log₁₀| of the factor by which the 10 %, 50 % and 90 % quantiles all moved',
          factor: found.factor,
          reference: reference.scope,
          threshold: { method: `largest among runs of ${run} days of the reference + ${UNIT}` },
        },
      },
      settings,
    ),
  ]
}

const sizes = createMemory<ReferenceView, { low: number; high: number }>()

/** How many categories there are; it explains, new ones and drift judge. */
export function cardinalityScores(
  feature: string,
  window: WindowView,
  reference: ReferenceView,
  settings: MonitorSettings,
): MonitorScore[] {
  const current = window.slice.features.get(feature)
  if (!current) return []
  const run = Math.max(1, Math.min(window.days, reference.days.length))
  const { low, high } = sizes(reference, JSON.stringify([feature, run]), () => {
    const found = Array.from(
      { length: reference.days.length - run + 1 },
      (_, i) => profileOf(reference.days.slice(i, i + run), feature)?.categories.size ?? 0,
    )
    return { low: Math.min(...found), high: Math.max(...found) }
  })
  const value = current.categories.size
  return [
    judged(
      {
        ...blank('quality.cardinality', feature, current.count),
        value,
        thresholdLow: low / 2,
        thresholdHigh: 2 * high,
        state: value > 2 * high || value < low / 2 ? 'watch' : 'ok',
        definition: {
          metric: 'cardinality',
          formula: 'distinct categories; at most the 1,000 largest of each hour are counted',
          reference: reference.scope,
          threshold: { method: `half the smallest to twice the largest among runs of ${run} days of the reference` },
        },
      },
      settings,
    ),
  ]
}
