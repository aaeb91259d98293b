import { incompleteBeta } from './beta.ts'

/** P(X > x) for Fisher's F with `a` and `b` degrees of freedom: I_{b/(b+ax)}(b/2, a/2). */
export const fisherUpper = (x: number, a: number, b: number): number =>
  x <= 0 ? 1 : incompleteBeta(b / (b + a * x), b / 2, a / 2)
