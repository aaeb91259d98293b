import { meanEstimate, momentsOf } from './moments.ts'
import { sortedQuantile } from './sorted-quantile.ts'

export interface ResidualCurve {
  n: number
  points: { predicted: number; actual: number }[]
  parts: {
    from: number
    to: number
    n: number
    predicted: number
    actual: number
    low: number
    high: number
    residual: { p05: number; p50: number; p95: number }
  }[]
  histogram: { edges: number[]; counts: number[] }
}

const LEAST = 30
const PARTS = 10
const BINS = 24

/**
 * How predictions lie to what came true: tenths of the rows by prediction with their mean actual (Student's interval, 95 %) and
 * the spread of prediction − actual, its histogram, and at most `most` of the rows as they came. Null with fewer than 30 rows.
 */
export function residualCurve(
  rows: readonly { predicted: number; actual: number }[],
  most = 1000,
): ResidualCurve | null {
  const known = rows.filter(({ predicted, actual }) => Number.isFinite(predicted) && Number.isFinite(actual))
  if (known.length < LEAST) return null
  const sorted = [...known].sort((a, b) => a.predicted - b.predicted)
  const count = Math.min(PARTS, Math.floor(sorted.length / 5))
  const cut = (i: number) => Math.round((i * sorted.length) / count)
  const parts = Array.from({ length: count }, (_, i) => partOf(sorted.slice(cut(i), cut(i + 1))))
  const residuals = Float64Array.from(known, ({ predicted, actual }) => predicted - actual).sort()
  return { n: known.length, points: known.slice(0, most), parts, histogram: histogramOf(residuals) }
}

function partOf(rows: readonly { predicted: number; actual: number }[]): ResidualCurve['parts'][number] {
  const moments = momentsOf(rows.map((row) => row.actual))
  const actual = moments.sum / rows.length
  const interval = meanEstimate(moments)
  const residuals = Float64Array.from(rows, (row) => row.predicted - row.actual).sort()
  return {
    from: rows[0]!.predicted,
    to: rows.at(-1)!.predicted,
    n: rows.length,
    predicted: rows.reduce((sum, row) => sum + row.predicted, 0) / rows.length,
    actual,
    low: interval.ok ? interval.low : actual,
    high: interval.ok ? interval.high : actual,
    residual: {
      p05: sortedQuantile(residuals, 0.05),
      p50: sortedQuantile(residuals, 0.5),
      p95: sortedQuantile(residuals, 0.95),
    },
  }
}

/** Equally wide bins over the middle 98 %; what lies outside is in the first and the last. */
function histogramOf(sorted: Float64Array): ResidualCurve['histogram'] {
  const [low, high] = [sortedQuantile(sorted, 0.01), sortedQuantile(sorted, 0.99)]
  if (!(high > low)) return { edges: [low, high], counts: [sorted.length] }
  const edges = Array.from({ length: BINS + 1 }, (_, i) => low + ((high - low) * i) / BINS)
  const counts = new Array<number>(BINS).fill(0)
  for (const x of sorted) counts[Math.min(BINS - 1, Math.max(0, Math.floor(((x - low) / (high - low)) * BINS)))]!++
  return { edges, counts }
}
