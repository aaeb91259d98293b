import type { Explanation } from './tree-shap.ts'

/**
 * Shapley's values of a linear model intercept + Σ wⱼ xⱼ with unknown features at the background's means: φⱼ = wⱼ (xⱼ −
 * x̄ⱼ) (Štrumbelj & Kononenko 2014; "interventional", features taken as independent). Exact; O(features) a row.
 */
export function linearShap(
  intercept: number,
  weights: readonly number[],
  means: readonly number[],
  rows: readonly ArrayLike<number>[],
): Explanation {
  const d = weights.length
  const base = intercept + weights.reduce((sum, w, j) => sum + w * means[j]!, 0)
  const values = new Float64Array(rows.length * d)
  let gap = 0
  const outputs = Float64Array.from(rows, (row, r) => {
    let output = intercept
    let sum = base
    for (let j = 0; j < d; j++) {
      const value = weights[j]! * (row[j]! - means[j]!)
      values[r * d + j] = value
      sum += value
      output += weights[j]! * row[j]!
    }
    gap = Math.max(gap, Math.abs(sum - output))
    return output
  })
  return { base, values, outputs, gap }
}
