import { seededRandom } from './seeded-random.ts'
import { sortedQuantile } from './sorted-quantile.ts'
import { type Estimate, type Measured, tooFewSamples } from './too-few-samples.ts'

/**
 * The percentile interval of any statistic of `n` rows by resampling rows with replacement (Efron 1979), seeded so that it
 * repeats. `statistic` gets the indices of a resample. Resamples without a number (NaN) are left out and counted; with
 * fewer than half of them left there is no interval.
 */
export function bootstrap(
  n: number,
  statistic: (rows: Uint32Array) => number,
  { confidence = 0.95, resamples = 1000, seed = 1, minimum = 10 } = {},
): Measured<Estimate & { error: number; undefined: number }> {
  if (n < Math.max(2, minimum)) return tooFewSamples('rows', Math.max(2, minimum), n)
  const random = seededRandom(seed)
  const rows = new Uint32Array(n)
  for (let i = 0; i < n; i++) rows[i] = i
  const value = statistic(rows)
  const values: number[] = []
  for (let round = 0; round < resamples; round++) {
    for (let i = 0; i < n; i++) rows[i] = Math.floor(random() * n)
    const found = statistic(rows)
    if (!Number.isNaN(found)) values.push(found)
  }
  if (Number.isNaN(value) || values.length < resamples / 2)
    return tooFewSamples('resamples with a value', Math.ceil(resamples / 2), values.length)
  const mean = values.reduce((a, b) => a + b, 0) / values.length
  const error = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1))
  const sorted = Float64Array.from(values).sort()
  const low = sortedQuantile(sorted, (1 - confidence) / 2)
  const high = sortedQuantile(sorted, (1 + confidence) / 2)
  return { ok: true, value, low, high, n, error, undefined: resamples - values.length }
}
