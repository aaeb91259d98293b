import { expect, test } from 'vitest'
import { incompleteBeta } from '../../src/statistics/beta.ts'
import { chiSquareUpper } from '../../src/statistics/chi-square.ts'
import { logGamma } from '../../src/statistics/gamma.ts'
import { kolmogorovUpper } from '../../src/statistics/kolmogorov-smirnov.ts'
import { normalQuantile, normalUpper } from '../../src/statistics/normal.ts'
import { studentQuantile, studentUpper } from '../../src/statistics/student-t.ts'
import { oracle } from './oracle.ts'

const near = (found: number, wanted: number) =>
  expect(Math.abs(found - wanted)).toBeLessThanOrEqual(1e-9 * Math.max(1e-300, Math.abs(wanted)) + 1e-300)

test('distribution functions agree with SciPy to 1e-9 of their value', () => {
  for (const [z, p] of oracle.normal) near(normalUpper(z), p)
  for (const [p, z] of oracle.ppf) near(normalQuantile(p), z)
  for (const [t, df, p] of oracle.t) near(studentUpper(t, df), p)
  for (const [p, df, t] of oracle.tq) near(studentQuantile(p, df), t)
  for (const [x, df, p] of oracle.chi2) near(chiSquareUpper(x, df), p)
  for (const [x, a, b, p] of oracle.beta) near(incompleteBeta(x, a, b), p)
  for (const [x, y] of oracle.gammaln) near(logGamma(x), y)
  for (const [x, p] of oracle.kolmogorov) near(kolmogorovUpper(x), p)
})
