import { normalQuantile, normalTwoSided } from './normal.ts'
import { type Estimate, type Measured, tooFewSamples } from './too-few-samples.ts'

/** For each row the share of the other class that it is rightly ordered against, ties half (DeLong's placements). */
function placements(
  scores: readonly number[],
  actuals: readonly boolean[],
  positives: number,
  negatives: number,
): Float64Array {
  const order = scores.map((_, i) => i).sort((a, b) => scores[a]! - scores[b]!)
  const result = new Float64Array(scores.length)
  let below = 0
  let passed = 0
  for (let start = 0; start < order.length; ) {
    let end = start
    let p = 0
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) if (actuals[order[end++]!]) p++
    const n = end - start - p
    for (let k = start; k < end; k++) {
      const i = order[k]!
      result[i] = actuals[i] ? (below + n / 2) / negatives : (positives - passed - p / 2) / positives
    }
    below += n
    passed += p
    start = end
  }
  return result
}

/**
 * AUC of `challenger` minus AUC of `champion` on the same rows, with DeLong's paired interval and two-sided p (1988; the
 * O(n log n) form of Sun & Xu 2014). Needs `minimum` rows of each class.
 */
export function aucDifference(
  champion: readonly number[],
  challenger: readonly number[],
  actuals: readonly boolean[],
  confidence = 0.95,
  minimum = 10,
): Measured<Estimate & { p: number; champion: number; challenger: number }> {
  const positives = actuals.filter(Boolean).length
  const negatives = actuals.length - positives
  const had = Math.min(positives, negatives)
  const needed = Math.max(2, minimum)
  if (had < needed) return tooFewSamples(positives < negatives ? 'positives' : 'negatives', needed, had)
  const a = placements(champion, actuals, positives, negatives)
  const b = placements(challenger, actuals, positives, negatives)
  let first = 0
  let second = 0
  actuals.forEach((actual, i) => {
    if (!actual) return
    first += a[i]! / positives
    second += b[i]! / positives
  })
  const value = second - first
  let spreadP = 0
  let spreadN = 0
  actuals.forEach((actual, i) => {
    const deviation = (b[i]! - a[i]! - value) ** 2
    if (actual) spreadP += deviation / (positives - 1)
    else spreadN += deviation / (negatives - 1)
  })
  const error = Math.sqrt(spreadP / positives + spreadN / negatives)
  const half = normalQuantile((1 + confidence) / 2) * error
  const p = error > 0 ? normalTwoSided(value / error) : value === 0 ? 1 : 0
  return {
    ok: true,
    value,
    low: value - half,
    high: value + half,
    n: actuals.length,
    p,
    champion: first,
    challenger: second,
  }
}
