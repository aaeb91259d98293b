import { meanEstimate, momentsOf } from './moments.ts'
import { type Standard, standardise, standardOf } from './standardise.ts'
import { symmetricEigen } from './symmetric-eigen.ts'
import { type Estimate, type Measured, tooFewSamples } from './too-few-samples.ts'

export interface PrincipalComponents {
  standard: Standard
  /** orthonormal directions, from the largest share of variance */
  components: number[][]
  /** share of the variance that each explains */
  explained: number[]
}

/**
 * Principal components of standardised columns that together explain at least `share` of the variance (Pearson 1901;
 * NannyML's 0.65). Missing values count as the column's mean. Needs two rows; O(rows · columns² + columns³).
 */
export function fitPrincipalComponents(
  rows: readonly ArrayLike<number>[],
  share = 0.65,
): Measured<{ fit: PrincipalComponents }> {
  if (rows.length < 2) return tooFewSamples('rows', 2, rows.length)
  const standard = standardOf(rows)
  const d = standard.means.length
  if (d < 1) return tooFewSamples('columns', 1, d)
  const covariance = Array.from({ length: d }, () => new Float64Array(d))
  for (const row of rows) {
    const z = standardise(standard, row)
    for (let i = 0; i < d; i++) for (let j = 0; j <= i; j++) covariance[i]![j]! += (z[i]! * z[j]!) / rows.length
  }
  for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) covariance[j]![i] = covariance[i]![j]!
  const { values, vectors } = symmetricEigen(covariance.map((row) => [...row]))
  const all = values.reduce((sum, x) => sum + Math.max(0, x), 0)
  const explained: number[] = []
  let sum = 0
  for (const value of values) {
    if (explained.length > 0 && sum >= share - 1e-12) break
    const part = all > 0 ? Math.max(0, value) / all : 0
    explained.push(part)
    sum += part
  }
  return { ok: true, fit: { standard, components: vectors.slice(0, explained.length), explained } }
}

/** Distance of a row, in standard units, to what the components can express of it. */
export function reconstructionErrorOf({ standard, components }: PrincipalComponents, row: ArrayLike<number>): number {
  const z = standardise(standard, row)
  const rest = [...z]
  for (const component of components) {
    const along = component.reduce((sum, c, j) => sum + c * z[j]!, 0)
    for (let j = 0; j < rest.length; j++) rest[j]! -= along * component[j]!
  }
  return Math.sqrt(rest.reduce((sum, x) => sum + x * x, 0))
}

/**
 * Mean reconstruction error of rows, with Student's interval: it grows when columns stop depending on each other as they
 * did in the reference, even where no column alone has changed. Compare with the reference's own.
 */
export const reconstructionError = (
  fit: PrincipalComponents,
  rows: readonly ArrayLike<number>[],
  confidence = 0.95,
  minimum = 30,
): Measured<Estimate> =>
  meanEstimate(momentsOf(rows.map((row) => reconstructionErrorOf(fit, row))), confidence, minimum)
