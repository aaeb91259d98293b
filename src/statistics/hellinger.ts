import { shares, total } from './shares.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

/** Hellinger distance √(½ Σ (√pᵢ − √qᵢ)²), between 0 (equal) and 1 (disjoint). */
export function hellinger(reference: readonly number[], current: readonly number[]): Measured<{ value: number }> {
  const had = Math.min(total(reference), total(current))
  if (had <= 0) return tooFewSamples('rows', 1, 0)
  const p = shares(reference)
  const q = shares(current)
  let sum = 0
  for (let i = 0; i < p.length; i++) sum += (Math.sqrt(p[i]!) - Math.sqrt(q[i]!)) ** 2
  return { ok: true, value: Math.sqrt(sum / 2) }
}
