import { normalQuantile, normalTwoSided } from './normal.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

export interface Proportion {
  successes: number
  n: number
}

export interface ProportionsTest {
  /** current − reference */
  value: number
  /** Newcombe's interval of the difference */
  low: number
  high: number
  z: number
  p: number
}

/** Wilson's score interval of a proportion (1927). */
export function wilsonInterval({ successes, n }: Proportion, confidence = 0.95): { low: number; high: number } {
  const z = normalQuantile((1 + confidence) / 2)
  const share = successes / n
  const centre = (share + (z * z) / (2 * n)) / (1 + (z * z) / n)
  const half = (z * Math.sqrt((share * (1 - share)) / n + (z * z) / (4 * n * n))) / (1 + (z * z) / n)
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) }
}

/**
 * Two-sided z-test that two proportions are equal, with the pooled variance; the interval of the difference is
 * Newcombe's hybrid score interval (1998, method 10). Needs 5 rows on each side.
 */
export function proportionsTest(
  reference: Proportion,
  current: Proportion,
  confidence = 0.95,
): Measured<ProportionsTest> {
  const had = Math.min(reference.n, current.n)
  if (had < 5) return tooFewSamples('rows', 5, had)
  const p1 = reference.successes / reference.n
  const p2 = current.successes / current.n
  const pooled = (reference.successes + current.successes) / (reference.n + current.n)
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / reference.n + 1 / current.n))
  const value = p2 - p1
  const z = error > 0 ? value / error : 0
  const a = wilsonInterval(reference, confidence)
  const b = wilsonInterval(current, confidence)
  return {
    ok: true,
    value,
    low: value - Math.hypot(p2 - b.low, a.high - p1),
    high: value + Math.hypot(b.high - p2, p1 - a.low),
    z,
    p: error > 0 ? normalTwoSided(z) : 1,
  }
}
