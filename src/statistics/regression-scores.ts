import { medianOf } from './median.ts'
import { meanEstimate, momentsOf } from './moments.ts'
import { type Estimate, type Measured, tooFewSamples } from './too-few-samples.ts'

export interface RegressionScores {
  /** 1 − Σ e² / Σ (y − ȳ)²; NaN where the truth is constant and the errors are not 0, 1 where they are */
  r2: number
  /** 1 − Var(e) / Var(y) */
  explainedVariance: number
  medianAbsoluteError: number
  largestError: number
  /** mean |e| / max(|y|, 2⁻⁵²), as scikit-learn's; huge where an actual is 0 */
  mape: Measured<Estimate>
  /** Σ|e| / Σ|y| (WAPE); NaN where every actual is 0 */
  wape: number
  /** √ mean (ln(1+p) − ln(1+y))²; NaN where a value is −1 or less */
  rmsle: number
}

/** What the mergeable sums of `regressionPerformance` cannot tell, from rows; e = prediction − actual. Pairs with NaN are left out. */
export function regressionScores(
  predictions: readonly number[],
  actuals: readonly number[],
  confidence = 0.95,
  minimum = 30,
): Measured<RegressionScores> {
  const rows = predictions
    .map((p, i) => ({ p, y: actuals[i]!, e: p - actuals[i]! }))
    .filter((row) => !Number.isNaN(row.e))
  const n = rows.length
  if (n < Math.max(2, minimum)) return tooFewSamples('rows', Math.max(2, minimum), n)
  const mean = (of: (row: (typeof rows)[number]) => number) => rows.reduce((sum, row) => sum + of(row), 0) / n
  const centreY = mean((row) => row.y)
  const centreE = mean((row) => row.e)
  const varianceY = mean((row) => (row.y - centreY) ** 2)
  const share = (part: number) => (varianceY > 0 ? 1 - part / varianceY : part === 0 ? 1 : Number.NaN)
  const absolute = rows.map((row) => Math.abs(row.e))
  return {
    ok: true,
    r2: share(mean((row) => row.e ** 2)),
    explainedVariance: share(mean((row) => (row.e - centreE) ** 2)),
    medianAbsoluteError: medianOf(absolute),
    largestError: absolute.reduce((a, b) => Math.max(a, b), 0),
    mape: meanEstimate(momentsOf(rows.map((row) => Math.abs(row.e) / Math.max(Math.abs(row.y), 2 ** -52))), confidence),
    wape: mean((row) => Math.abs(row.e)) / mean((row) => Math.abs(row.y)),
    rmsle: rows.some((row) => row.p <= -1 || row.y <= -1)
      ? Number.NaN
      : Math.sqrt(mean((row) => (Math.log1p(row.p) - Math.log1p(row.y)) ** 2)),
  }
}
