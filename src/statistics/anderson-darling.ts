import { leastSquares } from './least-squares.ts'
import { type PooledCounts, pooledCounts, pooledSketches } from './pooled-counts.ts'
import { total } from './shares.ts'
import type { Sketch } from './sketch.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

export interface AndersonDarling {
  /** (A² − (k − 1)) / σ, as SciPy's statistic */
  value: number
  p: number
  /** p is known within the table only: the true one is `below` 0.001, or `above` 0.25 */
  beyond: 'below' | 'above' | null
}

// table 2 of Scholz & Stephens (1987): b₀ + b₁/√m + b₂/m at these levels, m = k − 1
const LEVELS = [0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001]
const B0 = [0.675, 1.281, 1.645, 1.96, 2.326, 2.573, 3.085]
const B1 = [-0.245, 0.25, 0.678, 1.149, 1.822, 2.364, 3.615]
const B2 = [-0.105, -0.305, -0.362, -0.391, -0.396, -0.345, -0.154]

function pOf(value: number, m: number): Omit<AndersonDarling, 'value'> {
  const critical = B0.map((b, i) => b + B1[i]! / Math.sqrt(m) + B2[i]! / m)
  if (value < critical[0]!) return { p: 0.25, beyond: 'above' }
  if (value > critical.at(-1)!) return { p: 0.001, beyond: 'below' }
  const middle = critical[3]!
  const powers = (x: number) => [1, x - middle, (x - middle) ** 2]
  const fit = leastSquares(critical.map(powers), LEVELS.map(Math.log))!
  return { p: Math.exp(powers(value).reduce((sum, power, i) => sum + power * fit[i]!, 0)), beyond: null }
}

/** The k-sample test on counts over ascending common bins, one array a sample; rows of a bin are ties (midranks). */
export function andersonDarlingOfCounts(samples: readonly (readonly number[])[]): Measured<AndersonDarling> {
  const k = samples.length
  if (k < 2) return tooFewSamples('samples', 2, k)
  const sizes = samples.map(total)
  const had = Math.min(...sizes)
  if (had < 1) return tooFewSamples('rows', 1, had)
  const all = total(sizes)
  if (all < 5) return tooFewSamples('rows in all', 5, all)
  const passed = sizes.map(() => 0)
  let before = 0
  let distinct = 0
  const sums = sizes.map(() => 0)
  for (let j = 0; j < samples[0]!.length; j++) {
    const tied = samples.reduce((sum, sample) => sum + sample[j]!, 0)
    if (tied === 0) continue
    distinct++
    const middle = before + tied / 2
    const weight = tied / all / (middle * (all - middle) - (all * tied) / 4)
    for (let i = 0; i < k; i++) {
      const count = samples[i]![j]!
      // with one value alone the weight is infinite and the gap 0
      const gap = all * (passed[i]! + count / 2) - middle * sizes[i]!
      if (gap !== 0) sums[i]! += weight * gap * gap
      passed[i]! += count
    }
    before += tied
  }
  if (distinct < 2) return tooFewSamples('distinct values', 2, distinct)
  const squared = (sums.reduce((sum, x, i) => sum + x / sizes[i]!, 0) * (all - 1)) / all
  const value = (squared - (k - 1)) / Math.sqrt(variance(sizes, all))
  return { ok: true, value, ...pOf(value, k - 1) }
}

function variance(sizes: readonly number[], all: number): number {
  const k = sizes.length
  const inverse = sizes.reduce((sum, n) => sum + 1 / n, 0)
  let harmonic = 0
  let g = 0
  for (let i = 1; i <= all - 2; i++) {
    harmonic += 1 / (all - i)
    g += harmonic / (i + 1)
  }
  const h = harmonic + 1
  const a = (4 * g - 6) * (k - 1) + (10 - 6 * g) * inverse
  const b = (2 * g - 4) * k ** 2 + 8 * h * k + (2 * g - 14 * h - 4) * inverse - 8 * h + 4 * g - 6
  const c = (6 * h + 2 * g - 2) * k ** 2 + (4 * h - 4 * g + 6) * k + (2 * h - 6) * inverse + 4 * h
  const d = (2 * h + 6) * k ** 2 - 4 * h * k
  return (a * all ** 3 + b * all ** 2 + c * all + d) / ((all - 1) * (all - 2) * (all - 3))
}

const samplesOf = ({ reference, current }: PooledCounts) => [reference, current]

/**
 * Two-sample form of the k-sample Anderson-Darling test with midranks (Scholz & Stephens 1987, equation 7), which weighs
 * the tails more than Kolmogorov-Smirnov. p by interpolation of their table, so within [0.001, 0.25] only. NaN is left
 * out. Needs five rows in all and two distinct values.
 */
export const andersonDarling = (reference: readonly number[], current: readonly number[]) =>
  andersonDarlingOfCounts(samplesOf(pooledCounts(reference, current)))

/** The same of two sketches: values of one bin, within 2 % of each other, count as ties. */
export const andersonDarlingOfSketches = (reference: Sketch, current: Sketch) =>
  andersonDarlingOfCounts(samplesOf(pooledSketches(reference, current)))
