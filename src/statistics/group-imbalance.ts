import { total } from './shares.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

export interface GroupImbalance {
  /** total variation to equal shares, ½ Σ |pᵢ − 1/k|; 0 to 1 − 1/k */
  value: number
  /** entropy over ln k: 1 for equal shares, 0 when all rows are in one group */
  evenness: number
  /** largest over smallest share; ∞ with an empty group */
  ratio: number
}

/** How far the sizes of groups (or the counts of labels within one) are from equal. Needs two groups and one row. */
export function groupImbalance(counts: readonly number[]): Measured<GroupImbalance> {
  const k = counts.length
  const n = total(counts)
  if (k < 2) return tooFewSamples('groups', 2, k)
  if (n < 1) return tooFewSamples('rows', 1, n)
  let value = 0
  let entropy = 0
  let [smallest, largest] = [Infinity, 0]
  for (const count of counts) {
    const p = count / n
    value += Math.abs(p - 1 / k) / 2
    if (p > 0) entropy -= p * Math.log(p)
    smallest = Math.min(smallest, count)
    largest = Math.max(largest, count)
  }
  return { ok: true, value, evenness: entropy / Math.log(k), ratio: largest / smallest }
}
