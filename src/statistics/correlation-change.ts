import { normalTwoSided } from './normal.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

export interface CorrelationChange {
  /** largest |Δr| over the pairs of columns */
  value: number
  pair: [number, number]
  reference: number
  current: number
  /** of that pair by Fisher's z, times the pairs that were looked at */
  p: number
  pairs: number
}

/** Ranks of a column with ties in the middle; what is missing stands in the middle too. */
function ranks(values: readonly number[]): Float64Array {
  const order = values.map((_, i) => i).filter((i) => !Number.isNaN(values[i]!))
  order.sort((a, b) => values[a]! - values[b]!)
  const found = new Float64Array(values.length)
  for (let start = 0; start < order.length; ) {
    let end = start
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++
    const rank = (start + end - 1) / 2 - (order.length - 1) / 2
    for (let i = start; i < end; i++) found[order[i]!] = rank
    start = end
  }
  return found
}

function correlation(a: Float64Array, b: Float64Array): number {
  let [ab, aa, bb] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!
    aa += a[i]! ** 2
    bb += b[i]! ** 2
  }
  return aa > 0 && bb > 0 ? ab / Math.sqrt(aa * bb) : 0
}

/**
 * The pair of columns whose rank correlation (Spearman 1904) moved most between two samples of rows. p by Fisher's z with
 * the variance 1.06 / (n − 3) of ranks (Fieller, Hartley, Pearson 1957), Bonferroni over the pairs.
 */
export function correlationChange(
  reference: readonly (readonly number[])[],
  current: readonly (readonly number[])[],
  minimum = 50,
): Measured<CorrelationChange> {
  const had = Math.min(reference.length, current.length)
  const needed = Math.max(10, minimum)
  if (had < needed) return tooFewSamples('rows', needed, had)
  const d = reference[0]!.length
  if (d < 2) return tooFewSamples('columns', 2, d)
  const columns = (rows: readonly (readonly number[])[]) =>
    Array.from({ length: d }, (_, j) => ranks(rows.map((row) => row[j]!)))
  const [before, now] = [columns(reference), columns(current)]
  const pairs = (d * (d - 1)) / 2
  const error = Math.sqrt(1.06 / (reference.length - 3) + 1.06 / (current.length - 3))
  const bound = (r: number) => Math.max(-0.999999, Math.min(0.999999, r))
  let most: CorrelationChange | undefined
  for (let i = 0; i < d; i++)
    for (let j = i + 1; j < d; j++) {
      const [a, b] = [correlation(before[i]!, before[j]!), correlation(now[i]!, now[j]!)]
      const value = Math.abs(b - a)
      if (most && value <= most.value) continue
      const z = (Math.atanh(bound(b)) - Math.atanh(bound(a))) / error
      most = { value, pair: [i, j], reference: a, current: b, p: Math.min(1, normalTwoSided(z) * pairs), pairs }
    }
  return { ok: true, ...most! }
}
