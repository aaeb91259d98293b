/** Counts by bucket; a bucket's bounds are 12 % apart, so a quantile is right within 6 %. Mergeable and subtractable. */
export type LatencyHistogram = Record<number, number>

const base = Math.log(1.12)

/** The bucket of a duration in microseconds. */
export const latencyBucket = (microseconds: number): number =>
  microseconds <= 1 ? 0 : Math.ceil(Math.log(microseconds) / base)

/** Quantile (0 to 1) in microseconds; null of an empty histogram. */
export function latencyQuantile(histogram: LatencyHistogram, quantile: number): number | null {
  const buckets = Object.keys(histogram)
    .map(Number)
    .sort((a, b) => a - b)
  let total = 0
  for (const bucket of buckets) total += histogram[bucket]!
  if (total === 0) return null
  let seen = 0
  for (const bucket of buckets) {
    seen += histogram[bucket]!
    if (seen >= quantile * total) return Math.exp(base * (bucket - 0.5))
  }
  return null
}
