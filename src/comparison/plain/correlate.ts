import type { CorrelationMatrix } from '../table-reader.ts'
import { alignedNumbers } from './aligned-numbers.ts'
import type { PlainColumn, PlainFile } from './plain-file.ts'

/** Pearson's correlations; sums are taken about the first finite row, so that large means lose no digits. */
export function correlate(file: PlainFile, columns: readonly PlainColumn[]): CorrelationMatrix {
  const k = columns.length
  const origin = new Float64Array(k)
  const sums = new Float64Array(k)
  const products = new Float64Array(k * k)
  let n = 0
  let rowsOf = columns.map(() => new Float64Array(0))
  for (const { rows, values } of alignedNumbers(
    file,
    columns.map((column) => ({ column })),
  )) {
    if (rowsOf[0]!.length < rows) rowsOf = columns.map(() => new Float64Array(rows))
    const finite = finiteRows(values, rows, n === 0 ? origin : undefined)
    for (let i = 0; i < k; i++) {
      const own = rowsOf[i]!
      const from = values[i]!
      const start = origin[i]!
      let sum = 0
      for (let at = 0, to = 0; at < rows; at++)
        if (finite.mask === undefined || finite.mask[at] === 1) {
          const x = from[at]! - start
          own[to++] = x
          sum += x
        }
      sums[i]! += sum
      for (let j = 0; j <= i; j++) products[i * k + j]! += dot(own, rowsOf[j]!, finite.n)
    }
    n += finite.n
  }
  const covariance = (i: number, j: number) => products[i * k + j]! - (sums[i]! * sums[j]!) / n
  const matrix = columns.map((_, a) =>
    columns.map((_, b) => {
      const [i, j] = a > b ? [a, b] : [b, a]
      const r = covariance(i, j) / Math.sqrt(covariance(i, i) * covariance(j, j))
      return Number.isFinite(r) ? Math.max(-1, Math.min(1, r)) : null
    }),
  )
  return { n, matrix }
}

/** Which rows are finite in all columns; no mask where all are. The first of them becomes the `origin`. */
function finiteRows(values: readonly Float64Array[], rows: number, origin: Float64Array | undefined) {
  let mask: Uint8Array | undefined
  let n = rows
  for (const column of values)
    for (let at = 0; at < rows; at++) {
      const x = column[at]!
      if (x - x === 0) continue
      mask ??= new Uint8Array(rows).fill(1)
      n -= mask[at]!
      mask[at] = 0
    }
  const first = mask ? mask.indexOf(1) : 0
  if (origin && first >= 0) for (let i = 0; i < values.length; i++) origin[i] = values[i]![first]!
  return { mask, n }
}

function dot(a: Float64Array, b: Float64Array, n: number): number {
  let sum = 0
  for (let i = 0; i < n; i++) sum += a[i]! * b[i]!
  return sum
}
