import { shares, total } from './shares.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

const part = (p: number, m: number) => (p > 0 ? p * Math.log(p / m) : 0)

/**
 * Jensen-Shannon distance √(½ KL(p‖m) + ½ KL(q‖m)), m = ½(p + q), natural logarithm: 0 for equal shares, √ln 2 ≈ 0.8326
 * for disjoint ones (Endres & Schindelin 2003). Divide by √ln 2 for the base-2 form.
 */
export function jensenShannon(reference: readonly number[], current: readonly number[]): Measured<{ value: number }> {
  const had = Math.min(total(reference), total(current))
  if (had <= 0) return tooFewSamples('rows', 1, 0)
  const p = shares(reference)
  const q = shares(current)
  let divergence = 0
  for (let i = 0; i < p.length; i++) {
    const m = (p[i]! + q[i]!) / 2
    divergence += part(p[i]!, m) + part(q[i]!, m)
  }
  return { ok: true, value: Math.sqrt(Math.max(0, divergence) / 2) }
}
