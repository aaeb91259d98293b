import { type Measured, tooFewSamples } from './too-few-samples.ts'

/** Vectors summed: how many, the sum of their squared lengths, the sum of each component. Such sums merge by addition. */
export type VectorSum = readonly number[]

const components = 2
const meanOf = (sum: VectorSum) => sum.slice(components).map((x) => x / sum[0]!)
const squared = (x: readonly number[]) => x.reduce((all, value) => all + value * value, 0)

function comparable(a: VectorSum, b: VectorSum): Measured<object> {
  const least = Math.min(a[0] ?? 0, b[0] ?? 0)
  if (!(least > 0)) return tooFewSamples('vectors', 1, least)
  if (a.length !== b.length || a.length <= components) return tooFewSamples('vectors of one length', 1, 0)
  return { ok: true }
}

/** Mean squared distance of the vectors to their mean. */
export const vectorVariance = (sum: VectorSum): number => Math.max(0, sum[1]! / sum[0]! - squared(meanOf(sum)))

/** Euclidean distance of the means, in units of the reference's root mean squared distance to its mean. */
export function meanDistance(reference: VectorSum, current: VectorSum): Measured<{ value: number }> {
  const able = comparable(reference, current)
  if (!able.ok) return able
  const before = meanOf(reference)
  const now = meanOf(current)
  const distance = Math.sqrt(squared(before.map((x, i) => x - now[i]!)))
  if (distance === 0) return { ok: true, value: 0 }
  const spread = Math.sqrt(vectorVariance(reference))
  return spread > 0 ? { ok: true, value: distance / spread } : tooFewSamples('vectors that vary', 2, reference[0]!)
}

/** Cosine distance of the means, 1 − cos; 0 to 2. */
export function meanCosineDistance(reference: VectorSum, current: VectorSum): Measured<{ value: number }> {
  const able = comparable(reference, current)
  if (!able.ok) return able
  const before = meanOf(reference)
  const now = meanOf(current)
  const lengths = Math.sqrt(squared(before) * squared(now))
  if (lengths === 0) return tooFewSamples('vectors whose mean is not zero', 1, 0)
  const product = before.reduce((all, x, i) => all + x * now[i]!, 0)
  return { ok: true, value: Math.min(2, Math.max(0, 1 - product / lengths)) }
}
