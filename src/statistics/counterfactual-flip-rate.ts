import { wilsonInterval } from './proportions-test.ts'
import { type Estimate, type Measured, tooFewSamples } from './too-few-samples.ts'

/**
 * Share of rows whose answer changes when nothing but the protected attribute is changed (Kusner et al. 2017, without a
 * causal model: what depends on the attribute is not changed with it). `answers` of the rows as they are, `alternatives[k]`
 * of the same rows with the k-th other value; a row flips when any alternative differs. `upwards` counts flips to
 * `favourable`. Wilson's interval. Needs `minimum` rows.
 */
export function counterfactualFlipRate<T>(
  answers: readonly T[],
  alternatives: readonly (readonly T[])[],
  favourable?: T,
  confidence = 0.95,
  minimum = 30,
): Measured<Estimate & { upwards: number; downwards: number }> {
  const n = answers.length
  if (n < Math.max(1, minimum)) return tooFewSamples('rows', Math.max(1, minimum), n)
  if (alternatives.length < 1) return tooFewSamples('alternatives', 1, 0)
  let flips = 0
  let upwards = 0
  let downwards = 0
  answers.forEach((answer, i) => {
    const others = alternatives.map((alternative) => alternative[i]!).filter((other) => other !== answer)
    if (others.length === 0) return
    flips++
    if (answer === favourable) downwards++
    else if (others.some((other) => other === favourable)) upwards++
  })
  return {
    ok: true,
    value: flips / n,
    ...wilsonInterval({ successes: flips, n }, confidence),
    n,
    upwards: upwards / n,
    downwards: downwards / n,
  }
}
