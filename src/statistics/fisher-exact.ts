import type { Proportion } from './proportions-test.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

/** Tables that are as likely as the observed one up to rounding count as equally likely, as in R and SciPy. */
const TOLERANCE = 1e-7

/**
 * Fisher's exact test that two proportions are equal (1934), two-sided: the chance, with the margins fixed, of all
 * tables that are at most as likely as the observed one. `value` is the sample odds ratio (reference over current).
 * O(rows of the rarer margin). Needs a row on each side.
 */
export function fisherExact(reference: Proportion, current: Proportion): Measured<{ value: number; p: number }> {
  const had = Math.min(reference.n, current.n)
  if (had < 1) return tooFewSamples('rows', 1, had)
  const [a, b] = [reference.successes, reference.n - reference.successes]
  const [c, d] = [current.successes, current.n - current.successes]
  const value = b * c === 0 ? (a * d === 0 ? Number.NaN : Infinity) : (a * d) / (b * c)
  const successes = a + c
  const lowest = Math.max(0, successes - current.n)
  const highest = Math.min(successes, reference.n)
  // probabilities relative to the mode, by the ratio of neighbours: no cancellation of large logarithms
  const mode = Math.min(
    highest,
    Math.max(lowest, Math.floor(((successes + 1) * (reference.n + 1)) / (reference.n + current.n + 2))),
  )
  const weights = new Float64Array(highest - lowest + 1)
  weights[mode - lowest] = 1
  const ratio = (k: number) => ((successes - k + 1) * (reference.n - k + 1)) / (k * (current.n - successes + k))
  for (let k = mode + 1; k <= highest; k++) weights[k - lowest] = weights[k - 1 - lowest]! * ratio(k)
  for (let k = mode; k > lowest; k--) weights[k - 1 - lowest] = weights[k - lowest]! / ratio(k)
  const limit = weights[a - lowest]! * (1 + TOLERANCE)
  let sum = 0
  let extreme = 0
  for (const weight of weights) {
    sum += weight
    if (weight <= limit) extreme += weight
  }
  return { ok: true, value, p: Math.min(1, extreme / sum) }
}
