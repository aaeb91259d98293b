export interface Ewma {
  n: number
  value: number
}

/**
 * One step of the EWMA control chart (Roberts 1959): value = λx + (1 − λ) value, from the mean; limits mean ± width ·
 * deviation · √(λ/(2 − λ) (1 − (1 − λ)^2n)), exact for the n-th row. λ 0.2 and width 2.962 give a false alarm once in 500
 * rows on average (Lucas & Saccucci 1990, table 3). Begin with `undefined`. NaN changes nothing.
 */
export function ewmaStep(
  state: Ewma | undefined,
  x: number,
  {
    mean,
    deviation,
    lambda = 0.2,
    width = 2.962,
  }: { mean: number; deviation: number; lambda?: number; width?: number },
): { state: Ewma; low: number; high: number; drift: 'up' | 'down' | null } {
  const before = state ?? { n: 0, value: mean }
  const missing = Number.isNaN(x)
  const n = missing ? before.n : before.n + 1
  const value = missing ? before.value : lambda * x + (1 - lambda) * before.value
  const half = width * deviation * Math.sqrt((lambda / (2 - lambda)) * (1 - (1 - lambda) ** (2 * n)))
  const drift = missing ? null : value > mean + half ? 'up' : value < mean - half ? 'down' : null
  return { state: { n, value }, low: mean - half, high: mean + half, drift }
}
