import { present } from './present.ts'
import { sortedQuantile } from './sorted-quantile.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

export interface PartialDependence {
  /** the feature's values, ascending */
  grid: number[]
  /** mean output over all rows with the feature at each value */
  mean: number[]
  /** by row, the outputs along the grid (individual conditional expectation, Goldstein et al. 2015) */
  individual: number[][]
}

/**
 * Partial dependence (Friedman 2001): the mean output when a feature is set to a value in every row, over `points` equally
 * spaced values from its 5th to its 95th percentile, over its distinct values where they are fewer, or over given ones.
 * As scikit-learn's `brute`, whose own grid ends at slightly other percentiles. Misleads where the feature depends on others. Needs two rows with the feature.
 */
export function partialDependence(
  rows: readonly (readonly number[])[],
  feature: number,
  predict: (rows: number[][]) => ArrayLike<number>,
  points: number | readonly number[] = 30,
): Measured<PartialDependence> {
  const sorted = Float64Array.from(present(rows.map((row) => row[feature]!))).sort()
  if (sorted.length < 2) return tooFewSamples('rows', 2, sorted.length)
  const distinct = [...new Set(sorted)]
  const low = sortedQuantile(sorted, 0.05)
  const high = sortedQuantile(sorted, 0.95)
  const grid =
    typeof points !== 'number'
      ? [...points]
      : distinct.length < points || low === high
        ? distinct
        : Array.from({ length: points }, (_, i) => low + ((high - low) * i) / (points - 1))
  const individual: number[][] = rows.map(() => [])
  const mean = grid.map((x) => {
    const outputs = predict(rows.map((row) => row.with(feature, x)))
    let sum = 0
    for (let i = 0; i < outputs.length; i++) {
      individual[i]!.push(outputs[i]!)
      sum += outputs[i]!
    }
    return sum / outputs.length
  })
  return { ok: true, grid, mean, individual }
}
