import { chiSquareUpper } from './chi-square.ts'
import { total } from './shares.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

export interface ChiSquareTest {
  /** Pearson's χ² */
  value: number
  p: number
  df: number
}

/**
 * Pearson's χ² test that two samples of counts over common bins come from one distribution (contingency 2 × B, no
 * continuity correction). Bins empty on both sides are left out. Needs two bins and one row on each side.
 */
export function chiSquareTest(reference: readonly number[], current: readonly number[]): Measured<ChiSquareTest> {
  const n = total(reference)
  const m = total(current)
  if (n < 1 || m < 1) return tooFewSamples('rows', 1, Math.min(n, m))
  let value = 0
  let bins = 0
  for (let i = 0; i < reference.length; i++) {
    const column = reference[i]! + current[i]!
    if (column === 0) continue
    bins++
    const a = (column * n) / (n + m)
    const b = (column * m) / (n + m)
    value += (reference[i]! - a) ** 2 / a + (current[i]! - b) ** 2 / b
  }
  if (bins < 2) return tooFewSamples('bins', 2, bins)
  return { ok: true, value, df: bins - 1, p: chiSquareUpper(value, bins - 1) }
}

/** Pearson's χ² of observed counts against expected counts of the same total. */
export function chiSquareFit(observed: readonly number[], expected: readonly number[]): Measured<ChiSquareTest> {
  if (observed.length < 2) return tooFewSamples('bins', 2, observed.length)
  let value = 0
  for (let i = 0; i < observed.length; i++) value += (observed[i]! - expected[i]!) ** 2 / expected[i]!
  return { ok: true, value, df: observed.length - 1, p: chiSquareUpper(value, observed.length - 1) }
}
