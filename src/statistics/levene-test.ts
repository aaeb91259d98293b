import { fisherUpper } from './f-distribution.ts'
import { medianOf } from './median.ts'
import { present } from './present.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

/**
 * Levene's test that samples have one variance, on deviations from the median (Brown & Forsythe 1974): `value` is
 * W = (N−k)/(k−1) · Σ nᵢ(z̄ᵢ − z̄)² / ΣΣ(zᵢⱼ − z̄ᵢ)², against F(k−1, N−k). NaN is left out. Needs two samples of two
 * rows. Where no deviation varies within its sample, p is 1 if all are equal, else 0.
 */
export function leveneTest(...samples: (readonly number[])[]): Measured<{ value: number; p: number }> {
  const deviations = samples.map((sample) => {
    const kept = present(sample)
    const median = medianOf(kept)
    return kept.map((x) => Math.abs(x - median))
  })
  const had = Math.min(...deviations.map((z) => z.length))
  if (samples.length < 2) return tooFewSamples('samples', 2, samples.length)
  if (had < 2) return tooFewSamples('rows', 2, had)
  const n = deviations.reduce((sum, z) => sum + z.length, 0)
  const k = deviations.length
  const means = deviations.map((z) => z.reduce((a, b) => a + b, 0) / z.length)
  const mean = deviations.reduce((sum, z, i) => sum + z.length * means[i]!, 0) / n
  let between = 0
  let within = 0
  deviations.forEach((z, i) => {
    between += z.length * (means[i]! - mean) ** 2
    for (const x of z) within += (x - means[i]!) ** 2
  })
  if (within === 0) return { ok: true, value: between > 0 ? Infinity : 0, p: between > 0 ? 0 : 1 }
  const value = ((n - k) / (k - 1)) * (between / within)
  return { ok: true, value, p: fisherUpper(value, k - 1, n - k) }
}
