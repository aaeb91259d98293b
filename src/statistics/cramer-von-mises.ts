import { logGamma } from './gamma.ts'
import { type PooledCounts, pooledCounts, pooledSketches } from './pooled-counts.ts'
import { total } from './shares.ts'
import type { Sketch } from './sketch.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

const EXACT_UP_TO = 20

/** e^−q K_{1/4}(q) = ∫₀^∞ exp(−q (1 + cosh t)) cosh(t/4) dt, by the trapezoidal rule, which converges double exponentially. */
function scaledBessel(q: number): number {
  const step = 1 / 32
  let sum = 0.5 * Math.exp(-2 * q)
  for (let t = step; ; t += step) {
    const exponent = -q * (1 + Math.cosh(t))
    if (exponent < -745) break
    sum += Math.exp(exponent) * Math.cosh(t / 4)
  }
  return sum * step
}

/** P(W² ≤ x) in the limit (Csörgő & Faraway 1996, 1.2). */
function limitCdf(x: number): number {
  let sum = 0
  for (let k = 0; k < 1000; k++) {
    const y = 4 * k + 1
    const front = Math.exp(logGamma(k + 0.5) - logGamma(k + 1)) / (Math.PI ** 1.5 * Math.sqrt(x))
    const term = front * Math.sqrt(y) * scaledBessel((y * y) / (16 * x))
    sum += term
    if (term < 1e-17) break
  }
  return sum
}

/** P(U ≥ u) over all arrangements of n and m distinct values: the frequencies of Xiao, Gordon & Yakovlev (2006). */
function exactP(u: number, n: number, m: number): number {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b))
  const lcm = (n * m) / divisor(n, m)
  const [a, b] = [lcm / n, lcm / m]
  const nm = n * m
  const limit = Math.floor((lcm ** 2 * (n + m) * (6 * u - nm * (4 * nm - 1))) / (6 * nm ** 2))
  let column: Map<number, number>[] = Array.from({ length: n + 1 }, (_, i) => new Map(i === 0 ? [[0, 1]] : []))
  for (let j = 0; j <= m; j++) {
    let before = new Map<number, number>()
    column = column.map((at, i) => {
      const shift = (a * i - b * j) ** 2
      const next = new Map<number, number>()
      for (const part of [before, at]) for (const [z, c] of part) next.set(z + shift, (next.get(z + shift) ?? 0) + c)
      before = next
      return next
    })
  }
  let all = 0
  let extreme = 0
  for (const [z, c] of column[n]!) {
    all += c
    if (z >= limit) extreme += c
  }
  return extreme / all
}

function limitP(t: number, n: number, m: number): number {
  const all = n + m
  const k = n * m
  const mean = (1 + 1 / all) / 6
  const variance = ((all + 1) * (4 * k * all - 3 * (n * n + m * m) - 2 * k)) / (45 * all * all * 4 * k)
  const x = 1 / 6 + (t - mean) / Math.sqrt(45 * variance)
  return x < 0.003 ? 1 : Math.max(0, 1 - limitCdf(x))
}

function ofCounts({ reference, current }: PooledCounts): Measured<{ value: number; p: number }> {
  const n = total(reference)
  const m = total(current)
  if (n < 2 || m < 2) return tooFewSamples('rows', 2, Math.min(n, m))
  // Σ (midrank − i)² over a group of `count` ties that begins after `passed` of its own sample
  const spread = (midrank: number, passed: number, count: number) => {
    const gap = midrank - passed - (count + 1) / 2
    return count * gap * gap + (count * (count * count - 1)) / 12
  }
  let u = 0
  let passedN = 0
  let passedM = 0
  for (let i = 0; i < reference.length; i++) {
    const [a, b] = [reference[i]!, current[i]!]
    const midrank = passedN + passedM + (a + b + 1) / 2
    u += n * spread(midrank, passedN, a) + m * spread(midrank, passedM, b)
    passedN += a
    passedM += b
  }
  const value = u / (n * m * (n + m)) - (4 * n * m - 1) / (6 * (n + m))
  return { ok: true, value, p: Math.max(n, m) <= EXACT_UP_TO ? exactP(u, n, m) : limitP(value, n, m) }
}

/**
 * Two-sample Cramér-von Mises test (Anderson 1962): T = nm/(n+m) ∫ (F − G)² dH, midranks for ties. p is exact (for
 * continuous data) while both samples have at most 20 rows, as SciPy's, from the limiting distribution above. NaN is
 * left out. Needs two rows on each side.
 */
export const cramerVonMises = (reference: readonly number[], current: readonly number[]) =>
  ofCounts(pooledCounts(reference, current))

/** The same of two sketches: values of one bin, within 2 % of each other, count as ties, which makes p conservative. */
export const cramerVonMisesOfSketches = (reference: Sketch, current: Sketch) =>
  ofCounts(pooledSketches(reference, current))
