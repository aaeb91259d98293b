import { meanEstimate, momentsOf, varianceOf } from './moments.ts'
import { studentTwoSided } from './student-t.ts'
import { type Estimate, type Measured, tooFewSamples } from './too-few-samples.ts'

/**
 * Mean of `challenger` − `champion`, paired by row (for example the losses of two models on the same rows), with
 * Student's interval and two-sided p. Needs `minimum` rows.
 */
export function pairedDifference(
  champion: readonly number[],
  challenger: readonly number[],
  confidence = 0.95,
  minimum = 10,
): Measured<Estimate & { p: number }> {
  if (champion.length < minimum) return tooFewSamples('rows', minimum, champion.length)
  const moments = momentsOf(champion.map((x, i) => challenger[i]! - x))
  const estimate = meanEstimate(moments, confidence)
  if (!estimate.ok) return estimate
  const error = Math.sqrt(varianceOf(moments) / moments.n)
  const p = error > 0 ? studentTwoSided(estimate.value / error, moments.n - 1) : estimate.value === 0 ? 1 : 0
  return { ...estimate, p }
}
