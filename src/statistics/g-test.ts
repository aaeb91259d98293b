import { chiSquareUpper } from './chi-square.ts'
import type { ChiSquareTest } from './chi-square-test.ts'
import { total } from './shares.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

/**
 * G-test (log-likelihood ratio, Woolf 1957) that two samples of counts over common bins come from one distribution:
 * G = 2 Σ O ln(O/E), against χ² with bins − 1 degrees of freedom; no continuity correction. Bins empty on both sides are
 * left out. Needs two bins and one row on each side.
 */
export function gTest(reference: readonly number[], current: readonly number[]): Measured<ChiSquareTest> {
  const n = total(reference)
  const m = total(current)
  if (n < 1 || m < 1) return tooFewSamples('rows', 1, Math.min(n, m))
  let value = 0
  let bins = 0
  const part = (observed: number, expected: number) => (observed > 0 ? observed * Math.log(observed / expected) : 0)
  for (let i = 0; i < reference.length; i++) {
    const column = reference[i]! + current[i]!
    if (column === 0) continue
    bins++
    value += part(reference[i]!, (column * n) / (n + m)) + part(current[i]!, (column * m) / (n + m))
  }
  if (bins < 2) return tooFewSamples('bins', 2, bins)
  value = Math.max(0, 2 * value)
  return { ok: true, value, df: bins - 1, p: chiSquareUpper(value, bins - 1) }
}
