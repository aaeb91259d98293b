import { normalTwoSided } from './normal.ts'
import { type PooledCounts, pooledCounts, pooledSketches } from './pooled-counts.ts'
import { total } from './shares.ts'
import type { Sketch } from './sketch.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

export interface MannWhitney {
  /** U of the reference: pairs in which it is the larger, ties half */
  u: number
  /** U / (n·m): chance that a row of the reference is larger than one of the current sample; ½ without a difference */
  value: number
  /** two-sided, normal approximation with correction for ties and continuity, as SciPy's `asymptotic` */
  p: number
}

function conclude(u: number, n: number, m: number, ties: number): MannWhitney {
  const all = n + m
  const variance = ((n * m) / 12) * (all + 1 - ties / (all * (all - 1)))
  const larger = Math.max(u, n * m - u)
  const z = (larger - (n * m) / 2 - 0.5) / Math.sqrt(variance)
  // P(Z > z) doubled and cut at 1: with the correction z can be negative
  const p = variance > 0 ? (z <= 0 ? 1 : normalTwoSided(z)) : 1
  return { u, value: u / (n * m), p }
}

function ofCounts({ reference, current }: PooledCounts): Measured<MannWhitney & { tied: number }> {
  const n = total(reference)
  const m = total(current)
  if (n < 1 || m < 1) return tooFewSamples('rows', 1, Math.min(n, m))
  let below = 0
  let u = 0
  let ties = 0
  let tied = 0
  for (let i = 0; i < reference.length; i++) {
    const [a, b] = [reference[i]!, current[i]!]
    u += a * (below + b / 2)
    below += b
    ties += (a + b) ** 3 - (a + b)
    tied += a * b
  }
  return { ok: true, ...conclude(u, n, m, ties), tied: tied / (n * m) }
}

/** Mann & Whitney's test (1947) that neither sample tends to larger values. NaN is left out. Needs a row on each side. */
export function mannWhitney(reference: readonly number[], current: readonly number[]): Measured<MannWhitney> {
  const found = ofCounts(pooledCounts(reference, current))
  return found.ok ? { ok: true, u: found.u, value: found.value, p: found.p } : found
}

/**
 * The same of two sketches: values of one bin (within 2 % of each other) count as ties, so U/(n·m) differs from that of
 * the rows by at most half the share of pairs that lie in one bin, given as `binning`.
 */
export function mannWhitneyOfSketches(reference: Sketch, current: Sketch): Measured<MannWhitney & { binning: number }> {
  const found = ofCounts(pooledSketches(reference, current))
  return found.ok ? { ok: true, u: found.u, value: found.value, p: found.p, binning: found.tied / 2 } : found
}
