import { type Random, randomNormal } from './seeded-random.ts'

/**
 * The largest difference between groups' rates when the groups keep their own rates and only chance moves them: each rate
 * is drawn from a normal distribution with its standard error, kept within [0, 1]. `limit` is the 1 − alpha quantile of
 * `draws` such differences, `p` the share of them at least as large as `value`, counted so that it is never 0.
 */
export function simulateRange(
  rates: readonly { rate: number; error: number }[],
  alpha: number,
  value: number,
  random: Random,
  draws = 2000,
): { limit: number; p: number } {
  const ranges = new Float64Array(draws)
  for (let i = 0; i < draws; i++) {
    let low = 1
    let high = 0
    for (const { rate, error } of rates) {
      const drawn = Math.min(1, Math.max(0, rate + error * randomNormal(random)))
      if (drawn < low) low = drawn
      if (drawn > high) high = drawn
    }
    ranges[i] = high - low
  }
  ranges.sort()
  const larger = ranges.reduce((n, range) => n + (range >= value ? 1 : 0), 0)
  return { limit: ranges[Math.min(draws - 1, Math.ceil((1 - alpha) * draws))]!, p: (larger + 1) / (draws + 1) }
}
