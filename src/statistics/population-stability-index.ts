import { total } from './shares.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

/**
 * PSI = Σ (qᵢ − pᵢ) ln(qᵢ / pᵢ) over bins fixed on the reference p. Empty bins: every count of both sides gets 0.5 added
 * (Jeffreys' prior), p = (c + ½) / (n + B/2), so an empty bin weighs less the smaller the sample is, instead of a
 * constant fill that makes PSI explode.
 */
export function populationStabilityIndex(
  reference: readonly number[],
  current: readonly number[],
): Measured<{ value: number }> {
  const bins = reference.length
  const n = total(reference)
  const m = total(current)
  if (n < 1 || m < 1) return tooFewSamples('rows', 1, Math.min(n, m))
  let value = 0
  for (let i = 0; i < bins; i++) {
    const p = (reference[i]! + 0.5) / (n + bins / 2)
    const q = (current[i]! + 0.5) / (m + bins / 2)
    value += (q - p) * Math.log(q / p)
  }
  return { ok: true, value }
}
