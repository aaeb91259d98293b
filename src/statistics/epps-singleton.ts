import { chiSquareUpper } from './chi-square.ts'
import { present } from './present.ts'
import { sortedQuantile } from './sorted-quantile.ts'
import { symmetricEigen } from './symmetric-eigen.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

const RANK = 1e-15

function characteristic(sample: readonly number[], points: readonly number[]) {
  const rows = sample.map((x) => [...points.map((t) => Math.cos(t * x)), ...points.map((t) => Math.sin(t * x))])
  const n = rows.length
  const mean = rows[0]!.map((_, j) => rows.reduce((sum, row) => sum + row[j]!, 0) / n)
  const covariance = mean.map((a, i) =>
    mean.map((b, j) => rows.reduce((sum, row) => sum + (row[i]! - a) * (row[j]! - b), 0) / n),
  )
  return { mean, covariance }
}

/**
 * Epps & Singleton's test (1986) that two samples have one distribution, by their empirical characteristic functions at
 * 0.4 and 0.8 (in units of the pooled half interquartile range); good for discrete values too. `value` is W₂ with their
 * correction below 25 rows, against χ² with `df` = rank of the covariance. NaN and infinities are left out. Needs five
 * rows on each side and a pooled interquartile range above 0.
 */
export function eppsSingleton(
  reference: readonly number[],
  current: readonly number[],
): Measured<{ value: number; df: number; p: number }> {
  const a = present(reference).filter(Number.isFinite)
  const b = present(current).filter(Number.isFinite)
  const [n, m] = [a.length, b.length]
  if (n < 5 || m < 5) return tooFewSamples('rows', 5, Math.min(n, m))
  const pooled = Float64Array.from([...a, ...b]).sort()
  const scale = (sortedQuantile(pooled, 0.75) - sortedQuantile(pooled, 0.25)) / 2
  if (!(scale > 0)) return tooFewSamples('rows that vary', 5, 0)
  const points = [0.4 / scale, 0.8 / scale]
  const x = characteristic(a, points)
  const y = characteristic(b, points)
  const all = n + m
  const covariance = x.covariance.map((row, i) => row.map((c, j) => (all / n) * c + (all / m) * y.covariance[i]![j]!))
  const { values, vectors } = symmetricEigen(covariance)
  const largest = values[0]!
  let value = 0
  let df = 0
  vectors.forEach((vector, i) => {
    if (values[i]! <= RANK * largest) return
    df++
    const along = vector.reduce((sum, v, j) => sum + v * (x.mean[j]! - y.mean[j]!), 0)
    value += (all * along * along) / values[i]!
  })
  if (Math.max(n, m) < 25) value /= 1 + all ** -0.45 + 10.1 * (n ** -1.7 + m ** -1.7)
  return { ok: true, value, df, p: df > 0 ? chiSquareUpper(value, df) : 1 }
}
