/** Mergeable counts of rows by actual class, then by predicted class. */
export type ConfusionMatrix = ReadonlyMap<string, ReadonlyMap<string, number>>

/** The counts of arrays; O(classes that occur together) memory. */
export function confusionMatrixOf(predictions: readonly string[], actuals: readonly string[]): ConfusionMatrix {
  const matrix = new Map<string, Map<string, number>>()
  predictions.forEach((prediction, i) => {
    add(matrix, actuals[i]!, prediction, 1)
  })
  return matrix
}

/** The counts of the union of disjoint rows. */
export function mergeConfusionMatrices(...parts: ConfusionMatrix[]): ConfusionMatrix {
  const merged = new Map<string, Map<string, number>>()
  for (const part of parts)
    for (const [actual, row] of part) for (const [prediction, n] of row) add(merged, actual, prediction, n)
  return merged
}

function add(matrix: Map<string, Map<string, number>>, actual: string, prediction: string, n: number): void {
  let row = matrix.get(actual)
  if (!row) {
    row = new Map()
    matrix.set(actual, row)
  }
  row.set(prediction, (row.get(prediction) ?? 0) + n)
}

/** Of each class that occurs: rows rightly given it, rows given it, rows that are it. Sorted by name. */
export function classCounts(
  matrix: ConfusionMatrix,
): Map<string, { right: number; predicted: number; actual: number }> {
  const counts = new Map<string, { right: number; predicted: number; actual: number }>()
  const of = (name: string) => {
    let count = counts.get(name)
    if (!count) {
      count = { right: 0, predicted: 0, actual: 0 }
      counts.set(name, count)
    }
    return count
  }
  for (const [actual, row] of matrix)
    for (const [prediction, n] of row) {
      of(actual).actual += n
      of(prediction).predicted += n
      if (actual === prediction) of(actual).right += n
    }
  return new Map([...counts].sort((a, b) => (a[0] < b[0] ? -1 : 1)))
}
