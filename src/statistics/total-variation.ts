import { shares, total } from './shares.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

/** Total variation distance ½ Σ |pᵢ − qᵢ|, between 0 and 1: the largest difference of probability of any set of bins. */
export function totalVariation(reference: readonly number[], current: readonly number[]): Measured<{ value: number }> {
  const had = Math.min(total(reference), total(current))
  if (had <= 0) return tooFewSamples('rows', 1, 0)
  const p = shares(reference)
  const q = shares(current)
  let sum = 0
  for (let i = 0; i < p.length; i++) sum += Math.abs(p[i]! - q[i]!)
  return { ok: true, value: sum / 2 }
}
