import { studentQuantile } from './student-t.ts'

/** Sums of a feature's attributions over the sampled rows of one stratum (a day), mergeable by strata. */
export interface ImportanceSums {
  /** rows that the sample was drawn from */
  rows: number
  samples: number
  sum: number
  sumAbs: number
  sumSquares: number
}

export interface Importance {
  /** mean |attribution|, with its interval */
  value: number
  low: number
  high: number
  /** mean attribution: which way it goes */
  mean: number
  samples: number
}

/**
 * Mean |attribution| over strata, each with the weight of the rows it was drawn from: Σ Wₕ x̄ₕ with the standard error √Σ Wₕ²
 * s²ₕ/nₕ (1 − nₕ/Nₕ) (Cochran 1977, 5.3), Student's interval. A stratum of one row counts as certain.
 */
export function weightedImportance(strata: readonly ImportanceSums[], confidence = 0.95): Importance {
  const rows = strata.reduce((sum, one) => sum + one.rows, 0)
  let [value, mean, variance, samples] = [0, 0, 0, 0]
  for (const { rows: own, samples: n, sum, sumAbs, sumSquares } of strata) {
    if (n === 0 || rows === 0) continue
    const weight = own / rows
    const middle = sumAbs / n
    value += weight * middle
    mean += weight * (sum / n)
    samples += n
    if (n < 2) continue
    const spread = Math.max(0, (sumSquares - n * middle ** 2) / (n - 1))
    variance += ((weight ** 2 * spread) / n) * Math.max(0, 1 - n / Math.max(n, own))
  }
  const half = samples > 1 ? studentQuantile((1 + confidence) / 2, samples - 1) * Math.sqrt(variance) : 0
  return { value, low: Math.max(0, value - half), high: value + half, mean, samples }
}
