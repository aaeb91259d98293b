import { total } from './shares.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

/**
 * Kullback-Leibler divergence KL(current ‖ reference) = Σ q ln(q / p), in nats (Kullback & Leibler 1951): the code length
 * lost by taking the reference for the current distribution. Not symmetric. Empty bins: ½ is added to every count of
 * both sides (Jeffreys' prior), so that the value stays finite and the same counts give 0; shares that have no empty
 * bins are only moved by the order of bins / rows. `smoothing` 0 gives the plain divergence, ∞ where p is 0 and q is not.
 */
export function kullbackLeibler(
  reference: readonly number[],
  current: readonly number[],
  smoothing = 0.5,
): Measured<{ value: number }> {
  const bins = reference.length
  const n = total(reference)
  const m = total(current)
  if (n < 1 || m < 1) return tooFewSamples('rows', 1, Math.min(n, m))
  let value = 0
  for (let i = 0; i < bins; i++) {
    const p = (reference[i]! + smoothing) / (n + bins * smoothing)
    const q = (current[i]! + smoothing) / (m + bins * smoothing)
    if (q > 0) value += q * Math.log(q / p)
  }
  return { ok: true, value: Math.max(0, value) }
}
