import { normalQuantile } from './normal.ts'
import { studentQuantile } from './student-t.ts'
import { type Estimate, type Measured, tooFewSamples } from './too-few-samples.ts'

/** Mergeable sums of a quantity: how many, Σx, Σx². */
export interface Moments {
  n: number
  sum: number
  sumSquares: number
}

export const noMoments: Moments = { n: 0, sum: 0, sumSquares: 0 }

/** The moments of an array. */
export function momentsOf(values: ArrayLike<number> & Iterable<number>): Moments {
  let sum = 0
  let sumSquares = 0
  for (const x of values) {
    sum += x
    sumSquares += x * x
  }
  return { n: values.length, sum, sumSquares }
}

/** The moments of the union of two disjoint samples. */
export const mergeMoments = (a: Moments, b: Moments): Moments => ({
  n: a.n + b.n,
  sum: a.sum + b.sum,
  sumSquares: a.sumSquares + b.sumSquares,
})

/** Sample variance (n − 1), never below 0; NaN below two samples. */
export const varianceOf = (m: Moments): number => Math.max(0, (m.sumSquares - (m.sum * m.sum) / m.n) / (m.n - 1))

/** The mean with Student's interval: x̄ ± t_{(1+confidence)/2, n−1} s/√n. */
export function meanEstimate(m: Moments, confidence = 0.95, minimum = 2): Measured<Estimate> {
  if (m.n < Math.max(2, minimum)) return tooFewSamples('rows', Math.max(2, minimum), m.n)
  const value = m.sum / m.n
  const p = (1 + confidence) / 2
  const quantile = m.n > 1000 ? normalQuantile(p) : studentQuantile(p, m.n - 1)
  const half = quantile * Math.sqrt(varianceOf(m) / m.n)
  return { ok: true, value, low: value - half, high: value + half, n: m.n }
}
