import { chiSquareUpper } from './chi-square.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

export interface Mahalanobis {
  mean: number[]
  /** lower triangle L of the covariance L Lᵀ */
  root: number[][]
}

/**
 * Mean and covariance (n − 1) of complete rows, for Mahalanobis' distance (1936). `ridge` is added to the diagonal as a
 * share of its mean, so that columns that depend on each other do not make it singular; 0 is the plain definition. Needs
 * more complete rows than columns.
 */
export function fitMahalanobis(rows: readonly ArrayLike<number>[], ridge = 1e-9): Measured<{ fit: Mahalanobis }> {
  const whole = rows.filter((row) => !Array.from(row).some(Number.isNaN))
  const d = rows[0]?.length ?? 0
  const n = whole.length
  if (d < 1) return tooFewSamples('columns', 1, d)
  if (n < d + 1) return tooFewSamples('complete rows', d + 1, n)
  const mean = Array.from({ length: d }, (_, j) => whole.reduce((sum, row) => sum + row[j]!, 0) / n)
  const covariance = Array.from({ length: d }, (_, i) =>
    Array.from(
      { length: i + 1 },
      (_, j) => whole.reduce((sum, row) => sum + (row[i]! - mean[i]!) * (row[j]! - mean[j]!), 0) / (n - 1),
    ),
  )
  const typical = covariance.reduce((sum, row, i) => sum + row[i]!, 0) / d
  const root = choleskyOf(covariance, ridge * typical)
  return root ? { ok: true, fit: { mean, root } } : tooFewSamples('columns that vary on their own', d, d - 1)
}

function choleskyOf(lower: readonly (readonly number[])[], ridge: number): number[][] | undefined {
  const root: number[][] = []
  for (let i = 0; i < lower.length; i++) {
    const row: number[] = []
    for (let j = 0; j <= i; j++) {
      let sum = lower[i]![j]! + (i === j ? ridge : 0)
      for (let k = 0; k < j; k++) sum -= row[k]! * (root[j]?.[k] ?? row[k]!)
      if (i === j && !(sum > 0)) return undefined
      row.push(i === j ? Math.sqrt(sum) : sum / root[j]![j]!)
    }
    root.push(row)
  }
  return root
}

/**
 * √((x − μ)ᵀ Σ⁻¹ (x − μ)), its p against χ² (exact for normal columns and a large reference), and each column's part of the
 * square (x − μ)ⱼ (Σ⁻¹(x − μ))ⱼ: parts sum to the square and name what makes the row strange. NaN in, NaN out.
 */
export function mahalanobis(
  { mean, root }: Mahalanobis,
  row: ArrayLike<number>,
): { value: number; p: number; parts: number[] } {
  const d = mean.length
  const gap = mean.map((m, j) => row[j]! - m)
  const half: number[] = []
  for (let i = 0; i < d; i++) {
    let sum = gap[i]!
    for (let k = 0; k < i; k++) sum -= root[i]![k]! * half[k]!
    half.push(sum / root[i]![i]!)
  }
  const solved = new Array<number>(d).fill(0)
  for (let i = d - 1; i >= 0; i--) {
    let sum = half[i]!
    for (let k = i + 1; k < d; k++) sum -= root[k]![i]! * solved[k]!
    solved[i] = sum / root[i]![i]!
  }
  const square = half.reduce((sum, x) => sum + x * x, 0)
  return { value: Math.sqrt(square), p: chiSquareUpper(square, d), parts: gap.map((g, j) => g * solved[j]!) }
}
