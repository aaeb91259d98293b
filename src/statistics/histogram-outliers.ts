import { type Measured, tooFewSamples } from './too-few-samples.ts'

export interface HistogramOutliers {
  columns: { low: number; width: number; densities: number[] }[]
}

/**
 * HBOS (Goldstein & Dengel 2012): a histogram of each column with equally wide bins (Sturges' number when none is given)
 * whose tallest bin has height 1. Half a row is added to each bin, so that empty ones are finite. Needs ten rows. NaN is
 * left out; a column without values scores 0.
 */
export function fitHistogramOutliers(
  rows: readonly ArrayLike<number>[],
  bins = Math.ceil(Math.log2(Math.max(2, rows.length))) + 1,
): Measured<{ fit: HistogramOutliers }> {
  if (rows.length < 10) return tooFewSamples('rows', 10, rows.length)
  const columns = Array.from({ length: rows[0]!.length }, (_, j) => {
    let [low, high] = [Infinity, -Infinity]
    for (const row of rows) {
      if (!Number.isFinite(row[j]!)) continue
      low = Math.min(low, row[j]!)
      high = Math.max(high, row[j]!)
    }
    const width = high > low ? (high - low) / bins : 1
    const counts = new Array<number>(bins).fill(0.5)
    for (const row of rows) if (Number.isFinite(row[j]!)) counts[binOf(row[j]!, low, width, bins)]! += 1
    const tallest = counts.reduce((a, b) => Math.max(a, b), 0)
    return { low, width, densities: low > high ? [] : counts.map((c) => c / tallest) }
  })
  return { ok: true, fit: { columns } }
}

const binOf = (x: number, low: number, width: number, bins: number) =>
  Math.max(0, Math.min(bins - 1, Math.floor((x - low) / width)))

/** Σ −ln height, each column's part; values out of the reference's range score as an empty bin. NaN scores 0. */
export function histogramOutlier(
  { columns }: HistogramOutliers,
  row: ArrayLike<number>,
): { value: number; parts: number[] } {
  const parts = columns.map(({ low, width, densities }, j) => {
    const x = row[j]!
    if (densities.length === 0 || Number.isNaN(x)) return 0
    const high = low + width * densities.length
    const outside = x < low - 1e-12 * width || x > high + 1e-12 * width
    const density = outside ? Math.min(...densities) : densities[binOf(x, low, width, densities.length)]!
    return -Math.log(density)
  })
  return { value: parts.reduce((a, b) => a + b, 0), parts }
}
