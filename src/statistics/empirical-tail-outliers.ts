import { present } from './present.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

export interface TailOutliers {
  /** sorted values of each column, and whether its left tail is the longer one (negative skew) */
  columns: { sorted: Float64Array; leftSkewed: boolean }[]
}

/** The reference for ECOD (Li et al. 2022): sorted columns and the sign of their skewness. NaN is left out. Needs ten rows. */
export function fitTailOutliers(rows: readonly ArrayLike<number>[]): Measured<{ fit: TailOutliers }> {
  if (rows.length < 10) return tooFewSamples('rows', 10, rows.length)
  const columns = Array.from({ length: rows[0]!.length }, (_, j) => {
    const sorted = Float64Array.from(present(rows.map((row) => row[j]!))).sort()
    const mean = sorted.reduce((a, b) => a + b, 0) / sorted.length
    return { sorted, leftSkewed: sorted.reduce((sum, x) => sum + (x - mean) ** 3, 0) < 0 }
  })
  return { ok: true, fit: { columns } }
}

/** How many of the sorted values are below x (or, with `equal`, at most x). */
function countBelow(sorted: Float64Array, x: number, equal: boolean): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const mid = (low + high) >> 1
    if (sorted[mid]! < x || (equal && sorted[mid] === x)) low = mid + 1
    else high = mid
  }
  return low
}

/**
 * ECOD's score of a row: per column −ln of the share of the reference at most, and at least, as large; the sums over
 * columns of the left, the right, and each column's longer tail; the largest of the three. A value beyond the reference
 * counts as 1 in n + 1. `parts` are the largest of each column's three. Rows of the reference score as in the paper.
 */
export function tailOutlier({ columns }: TailOutliers, row: ArrayLike<number>): { value: number; parts: number[] } {
  let [left, right, skewed] = [0, 0, 0]
  const parts = columns.map(({ sorted, leftSkewed }, j) => {
    const x = row[j]!
    const n = sorted.length
    if (Number.isNaN(x) || n === 0) return 0
    const tail = (count: number) => -Math.log(count > 0 ? count / n : 1 / (n + 1))
    const lower = tail(countBelow(sorted, x, true))
    const upper = tail(n - countBelow(sorted, x, false))
    const longer = leftSkewed ? lower : upper
    left += lower
    right += upper
    skewed += longer
    return Math.max(lower, upper)
  })
  return { value: Math.max(left, right, skewed), parts }
}
