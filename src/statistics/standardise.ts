/** How columns are brought to mean 0 and deviation 1; missing values become the mean. */
export interface Standard {
  means: number[]
  /** population deviations; 1 for constant columns */
  deviations: number[]
}

/** Means and deviations of columns, NaN left out; 0 and 1 for a column without values. */
export function standardOf(rows: readonly ArrayLike<number>[]): Standard {
  const columns = rows[0]?.length ?? 0
  const means: number[] = []
  const deviations: number[] = []
  for (let j = 0; j < columns; j++) {
    let n = 0
    let mean = 0
    let squares = 0
    for (const row of rows) {
      const x = row[j]!
      if (Number.isNaN(x)) continue
      n++
      const gap = x - mean
      mean += gap / n
      squares += gap * (x - mean)
    }
    means.push(n > 0 ? mean : 0)
    const deviation = n > 0 ? Math.sqrt(squares / n) : 0
    // what rounding leaves of a constant column is no spread
    deviations.push(deviation > 1e-14 * Math.abs(mean) ? deviation : 1)
  }
  return { means, deviations }
}

/** A row in those units. */
export const standardise = ({ means, deviations }: Standard, row: ArrayLike<number>): number[] =>
  means.map((mean, j) => (Number.isNaN(row[j]!) ? 0 : (row[j]! - mean) / deviations[j]!))
