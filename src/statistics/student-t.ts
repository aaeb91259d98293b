import { incompleteBeta } from './beta.ts'
import { normalQuantile } from './normal.ts'

/** P(T > t) for Student's t with `df` degrees of freedom: ½ I_{df/(df+t²)}(df/2, ½) for t ≥ 0. */
export function studentUpper(t: number, df: number): number {
  const half = 0.5 * incompleteBeta(df / (df + t * t), df / 2, 0.5)
  return t >= 0 ? half : 1 - half
}

/** P(|T| ≥ |t|). */
export const studentTwoSided = (t: number, df: number): number => incompleteBeta(df / (df + t * t), df / 2, 0.5)

/** The t with P(T ≤ t) = p, by bisection of the upper tail (60 halvings of a bracketing interval). */
export function studentQuantile(p: number, df: number): number {
  if (p === 0.5) return 0
  if (p < 0.5) return -studentQuantile(1 - p, df)
  if (p >= 1) return Infinity
  const target = 1 - p
  let low = 0
  let high = Math.max(1, normalQuantile(p))
  while (studentUpper(high, df) > target) high *= 2
  for (let i = 0; i < 90 && high - low > 1e-14 * high; i++) {
    const mid = (low + high) / 2
    if (studentUpper(mid, df) > target) low = mid
    else high = mid
  }
  return (low + high) / 2
}
