import { total } from './shares.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

export interface KolmogorovSmirnov {
  /** D = sup |F − G| */
  value: number
  /** two-sided */
  p: number
}

const EXACT_UP_TO = 1_000_000

/** Q(λ) = 2 Σ (−1)^(k−1) exp(−2k²λ²), the limit of P(√(nm/(n+m)) D > λ). */
export function kolmogorovUpper(lambda: number): number {
  if (lambda <= 0) return 1
  if (lambda < 1) {
    // the other form of the series converges fast for small λ
    let cdf = 0
    for (let k = 1; k <= 21; k += 2) cdf += Math.exp(-(k * k * Math.PI * Math.PI) / (8 * lambda * lambda))
    return 1 - (Math.sqrt(2 * Math.PI) / lambda) * cdf
  }
  let sum = 0
  for (let k = 1; k <= 20; k++) sum += (k % 2 === 1 ? 1 : -1) * Math.exp(-2 * k * k * lambda * lambda)
  return Math.min(1, 2 * sum)
}

/** P(D ≥ d) when both samples come from one continuous distribution: lattice paths that leave the band (Hodges 1958). */
function exactP(d: number, n: number, m: number): number {
  const limit = (0.5 + Math.floor(d * n * m - 1e-7)) / (n * m)
  const u: number[] = Array.from({ length: m + 1 }, (_, j): number => (j / m > limit ? 0 : 1))
  for (let i = 1; i <= n; i++) {
    const w = i / (i + m)
    u[0] = i / n > limit ? 0 : w * u[0]!
    for (let j = 1; j <= m; j++) u[j] = Math.abs(i / n - j / m) > limit ? 0 : w * u[j]! + u[j - 1]!
  }
  return Math.min(1, Math.max(0, 1 - u[m]!))
}

const pOf = (d: number, n: number, m: number) =>
  n * m <= EXACT_UP_TO ? exactP(d, n, m) : kolmogorovUpper(d * Math.sqrt((n / (n + m)) * m))

/** Two-sample Kolmogorov-Smirnov on arrays. The p-value is exact while n·m ≤ 10⁶ (as SciPy's), Kolmogorov's limit above. */
export function kolmogorovSmirnov(
  reference: readonly number[],
  current: readonly number[],
): Measured<KolmogorovSmirnov> {
  const n = reference.length
  const m = current.length
  if (n < 1 || m < 1) return tooFewSamples('rows', 1, Math.min(n, m))
  const a = Float64Array.from(reference).sort()
  const b = Float64Array.from(current).sort()
  let value = 0
  for (let i = 0, j = 0; i < n && j < m; ) {
    const x = Math.min(a[i]!, b[j]!)
    while (i < n && a[i]! <= x) i++
    while (j < m && b[j]! <= x) j++
    value = Math.max(value, Math.abs(i / n - j / m))
  }
  return { ok: true, value, p: pOf(value, n, m) }
}

/**
 * The same on counts over common ordered bins. D is taken at the bins' upper ends only, so it is at most the D of the
 * rows and p at least theirs (conservative).
 */
export function kolmogorovSmirnovOfCounts(
  reference: readonly number[],
  current: readonly number[],
): Measured<KolmogorovSmirnov> {
  const n = total(reference)
  const m = total(current)
  if (n < 1 || m < 1) return tooFewSamples('rows', 1, Math.min(n, m))
  let f = 0
  let g = 0
  let value = 0
  for (let i = 0; i < reference.length; i++) {
    f += reference[i]!
    g += current[i]!
    value = Math.max(value, Math.abs(f / n - g / m))
  }
  return { ok: true, value, p: pOf(value, n, m) }
}
