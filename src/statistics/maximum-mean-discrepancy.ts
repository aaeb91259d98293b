import { medianOf } from './median.ts'
import { type Random, seededRandom } from './seeded-random.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

export interface MmdOptions {
  /** σ of the kernel exp(−‖x − y‖²/(2σ²)); without it the median distance of the pooled rows */
  bandwidth?: number
  permutations?: number
  seed?: number
  /** rows taken of each side, drawn by the seed: kernels cost the square of the rows */
  most?: number
}

export interface Mmd {
  /** unbiased estimate of MMD²; can be below 0 */
  value: number
  /** share of permutations at least as extreme, with the observed one: (1 + #)/(1 + permutations) */
  p: number
  bandwidth: number
  rows: [reference: number, current: number]
}

/** Moves `count` drawn items to the front (Fisher & Yates). */
function drawToFront<T>(items: T[], count: number, random: Random): void {
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(random() * (items.length - i))
    ;[items[i], items[j]] = [items[j]!, items[i]!]
  }
}

/**
 * Maximum mean discrepancy with a Gaussian kernel between rows of numbers (Gretton et al. 2012, equation 3), and its p by
 * permutation of the rows (seeded, so repeatable). Rows with NaN are left out; scale the columns first. Needs two rows on
 * each side. Exact in at most `most` (default 500) rows of each side.
 */
export function maximumMeanDiscrepancy(
  reference: readonly (readonly number[])[],
  current: readonly (readonly number[])[],
  options: MmdOptions = {},
): Measured<Mmd> {
  const { permutations = 200, seed = 1, most = 500 } = options
  const random = seededRandom(seed)
  const take = (rows: readonly (readonly number[])[]) => {
    const whole = rows.filter((row) => !row.some(Number.isNaN))
    if (whole.length <= most) return whole
    drawToFront(whole, most, random)
    return whole.slice(0, most)
  }
  const a = take(reference)
  const b = take(current)
  const [n, m] = [a.length, b.length]
  if (n < 2 || m < 2) return tooFewSamples('rows', 2, Math.min(n, m))
  const rows = [...a, ...b]
  const all = n + m
  const squares: number[] = []
  for (let i = 0; i < all; i++)
    for (let j = 0; j < i; j++) {
      let sum = 0
      for (let k = 0; k < rows[i]!.length; k++) sum += (rows[i]![k]! - rows[j]![k]!) ** 2
      squares.push(sum)
    }
  const bandwidth = options.bandwidth ?? (Math.sqrt(medianOf(squares)) || 1)
  // the lower triangle, row by row
  const kernel = Float64Array.from(squares, (square) => Math.exp(-square / (2 * bandwidth ** 2)))
  const whole = kernel.reduce((sum, k) => sum + k, 0)
  const order = rows.map((_, i) => i)
  const mmd = () => {
    const first = new Uint8Array(all)
    for (let i = 0; i < n; i++) first[order[i]!] = 1
    let within = 0
    let between = 0
    for (let i = 0, at = 0; i < all; i++)
      for (let j = 0; j < i; j++, at++) {
        if (first[i] !== first[j]) between += kernel[at]!
        else if (first[i] === 1) within += kernel[at]!
      }
    const other = whole - within - between
    return (2 * within) / (n * (n - 1)) + (2 * other) / (m * (m - 1)) - (2 * between) / (n * m)
  }
  const value = mmd()
  let extreme = 1
  for (let round = 0; round < permutations; round++) {
    drawToFront(order, n, random)
    if (mmd() >= value - 1e-12) extreme++
  }
  return { ok: true, value, p: extreme / (permutations + 1), bandwidth, rows: [n, m] }
}
