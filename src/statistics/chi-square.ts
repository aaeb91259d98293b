import { upperGamma } from './gamma.ts'

/** P(X > x) for χ² with `df` degrees of freedom. */
export const chiSquareUpper = (x: number, df: number): number => upperGamma(df / 2, x / 2)
