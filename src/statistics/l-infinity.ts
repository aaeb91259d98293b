import { total } from './shares.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

/** L∞ distance max |pᵢ − qᵢ|, between 0 and 1: the largest change of one bin's share. */
export function lInfinity(reference: readonly number[], current: readonly number[]): Measured<{ value: number }> {
  const n = total(reference)
  const m = total(current)
  if (n <= 0 || m <= 0) return tooFewSamples('rows', 1, 0)
  let value = 0
  for (let i = 0; i < reference.length; i++) value = Math.max(value, Math.abs(reference[i]! / n - current[i]! / m))
  return { ok: true, value }
}
