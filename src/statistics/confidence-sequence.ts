import { type Moments, varianceOf } from './moments.ts'
import { type Estimate, type Measured, tooFewSamples } from './too-few-samples.ts'

export interface SequenceOptions {
  /** chance that the interval ever misses the true difference, however often one looks */
  alpha?: number
  /** size of the difference that matters; the sequence is tightest near it */
  effect: number
  /** rows needed on each side before the normal approximation is trusted */
  minimum?: number
}

/**
 * The difference of two means (b − a; proportions are means of 0 and 1) with an interval that is valid at every look, and
 * an always-valid p: the mixture sequential probability ratio test with a normal mixture (Robbins 1970; Johari et al.
 * 2017) on δ = x̄_b − x̄_a with variance v = s²_a/n_a + s²_b/n_b and mixing variance τ² = effect²:
 *   half-width = √( v (1 + v/τ²) · ln((1 + τ²/v) / α²) ),   p = min(1, √((v + τ²)/v) · exp(−δ²τ² / (2v(v + τ²))))
 * The caller keeps the running minimum of p. Asymptotic in the rows of each side, hence `minimum`.
 */
export function confidenceSequence(
  a: Moments,
  b: Moments,
  options: SequenceOptions,
): Measured<Estimate & { p: number }> {
  const { alpha = 0.05, effect, minimum = 100 } = options
  const had = Math.min(a.n, b.n)
  if (had < Math.max(2, minimum)) return tooFewSamples('rows on each side', Math.max(2, minimum), had)
  const value = b.sum / b.n - a.sum / a.n
  const variance = spread(a) / a.n + spread(b) / b.n
  const mixing = effect * effect
  const half = Math.sqrt(variance * (1 + variance / mixing) * Math.log((1 + mixing / variance) / (alpha * alpha)))
  const p = Math.min(
    1,
    Math.sqrt((variance + mixing) / variance) *
      Math.exp((-value * value * mixing) / (2 * variance * (variance + mixing))),
  )
  return { ok: true, value, low: value - half, high: value + half, n: a.n + b.n, p }
}

/** The sample variance; where nothing varied yet, that of one more row that differs (so an error rate of 0 is not certain). */
function spread(m: Moments): number {
  const variance = varianceOf(m)
  if (variance > 0) return variance
  const x = m.sum / m.n
  const other = x === 0 ? 1 : 0
  return varianceOf({ n: m.n + 1, sum: m.sum + other, sumSquares: m.sumSquares + other * other })
}
