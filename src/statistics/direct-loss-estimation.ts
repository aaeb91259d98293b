import { type BoostingOptions, fitBoosting } from './gradient-boosting.ts'
import { momentsOf, varianceOf } from './moments.ts'
import { normalQuantile } from './normal.ts'
import { type Estimate, type Measured, tooFewSamples } from './too-few-samples.ts'
import { predictTrees, type TreeEnsemble } from './tree-ensemble.ts'

/** What estimates a loss from a row's features and prediction. */
export interface LossModel {
  model: TreeEnsemble
  /** rows of the reference */
  rows: number
  /** variance of loss − expected loss of reference rows that the model was not fitted on */
  residual: number
  /** variance of the loss itself */
  variance: number
}

const FOLDS = 5

/**
 * Fits the expected loss (|error|, error², …) of a regression on reference rows with truth: DLE, direct loss estimation,
 * as NannyML names it, with our own boosted trees in place of LightGBM. `inputs` are features and the prediction itself.
 * The residual spread comes from five folds. Needs `minimum` rows.
 */
export function fitLossModel(
  inputs: readonly ArrayLike<number>[],
  losses: readonly number[],
  minimum = 200,
  options: BoostingOptions = {},
): Measured<{ lossModel: LossModel }> {
  const kept = losses.map((_, i) => i).filter((i) => !Number.isNaN(losses[i]!))
  const n = kept.length
  if (n < Math.max(FOLDS, minimum)) return tooFewSamples('rows', Math.max(FOLDS, minimum), n)
  const train = (rows: number[]) =>
    fitBoosting(
      rows.map((i) => inputs[i]!),
      rows.map((i) => losses[i]!),
      options,
    )
  const residuals: number[] = []
  for (let fold = 0; fold < FOLDS; fold++) {
    const model = train(kept.filter((_, i) => i % FOLDS !== fold))
    for (let i = fold; i < n; i += FOLDS)
      residuals.push(losses[kept[i]!]! - Math.max(0, predictTrees(model, inputs[kept[i]!]!)))
  }
  const residual = momentsOf(residuals)
  return {
    ok: true,
    lossModel: {
      model: train(kept),
      rows: n,
      residual: residual.sumSquares / residual.n,
      variance: varianceOf(momentsOf(kept.map((i) => losses[i]!))),
    },
  }
}

/**
 * The mean loss expected of rows without truth: mean max(0, expected loss). The interval is for the realised mean,
 * ± z √(residual (1/n + 1/reference)); `samplingError` is NannyML's, √(variance of the reference's losses / n).
 * Holds while the loss depends on the inputs as it did in the reference. Take the root of all for RMSE.
 */
export function estimatedLoss(
  { model, rows, residual, variance }: LossModel,
  inputs: readonly ArrayLike<number>[],
  confidence = 0.95,
  minimum = 30,
): Measured<Estimate & { samplingError: number }> {
  const n = inputs.length
  if (n < Math.max(1, minimum)) return tooFewSamples('rows', Math.max(1, minimum), n)
  const value = inputs.reduce((sum, row) => sum + Math.max(0, predictTrees(model, row)), 0) / n
  const half = normalQuantile((1 + confidence) / 2) * Math.sqrt(residual * (1 / n + 1 / rows))
  return {
    ok: true,
    value,
    low: Math.max(0, value - half),
    high: value + half,
    n,
    samplingError: Math.sqrt(variance / n),
  }
}
