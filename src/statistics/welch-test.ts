import { type Moments, momentsOf, varianceOf } from './moments.ts'
import { present } from './present.ts'
import { studentQuantile, studentTwoSided } from './student-t.ts'
import { type Estimate, type Measured, tooFewSamples } from './too-few-samples.ts'

/**
 * Welch's t-test that two means are equal whatever the variances (Welch 1947): t = (x̄_c − x̄_r)/√(s²_r/n + s²_c/m),
 * Satterthwaite's degrees of freedom. `value` is current − reference in the unit of the values, with its interval. Two
 * constant samples: p is 1 if they are equal, else 0. Takes mergeable moments, so it works on profiles; where |mean| is
 * k times the deviation, cancellation leaves about 16 − 2 lg k digits of t (rows: `welchTestOfRows` keeps them).
 */
export function welchTest(
  reference: Moments,
  current: Moments,
  confidence = 0.95,
): Measured<Estimate & { t: number; df: number; p: number }> {
  const had = Math.min(reference.n, current.n)
  if (had < 2) return tooFewSamples('rows', 2, had)
  const a = varianceOf(reference) / reference.n
  const b = varianceOf(current) / current.n
  const value = current.sum / current.n - reference.sum / reference.n
  const n = reference.n + current.n
  const error = Math.sqrt(a + b)
  if (error === 0) {
    const t = value === 0 ? 0 : Math.sign(value) * Infinity
    return { ok: true, value, low: value, high: value, n, t, df: n - 2, p: value === 0 ? 1 : 0 }
  }
  const df = (a + b) ** 2 / (a ** 2 / (reference.n - 1) + b ** 2 / (current.n - 1))
  const half = studentQuantile((1 + confidence) / 2, df) * error
  const t = value / error
  return { ok: true, value, low: value - half, high: value + half, n, t, df, p: studentTwoSided(t, df) }
}

/** The same of arrays, NaN left out; exact however far from 0 the values lie. */
export function welchTestOfRows(reference: readonly number[], current: readonly number[], confidence = 0.95) {
  const a = present(reference)
  const b = present(current)
  const centre = a[0] ?? 0
  const centred = (values: readonly number[]) => momentsOf(values.map((x) => x - centre))
  return welchTest(centred(a), centred(b), confidence)
}
