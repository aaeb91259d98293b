import { type Moments, meanEstimate, mergeMoments, momentsOf, noMoments } from './moments.ts'
import type { Estimate, Measured } from './too-few-samples.ts'

/** Mergeable sums of a regression's errors (prediction − actual). */
export interface RegressionSums {
  error: Moments
  absolute: Moments
  squared: Moments
}

export const noRegressionSums: RegressionSums = { error: noMoments, absolute: noMoments, squared: noMoments }

/** The sums of arrays. */
export function regressionSumsOf(predictions: readonly number[], actuals: readonly number[]): RegressionSums {
  const errors = predictions.map((p, i) => p - actuals[i]!)
  return {
    error: momentsOf(errors),
    absolute: momentsOf(errors.map(Math.abs)),
    squared: momentsOf(errors.map((e) => e * e)),
  }
}

/** The sums of the union of disjoint rows. */
export const mergeRegressionSums = (a: RegressionSums, b: RegressionSums): RegressionSums => ({
  error: mergeMoments(a.error, b.error),
  absolute: mergeMoments(a.absolute, b.absolute),
  squared: mergeMoments(a.squared, b.squared),
})

export interface RegressionPerformance {
  /** mean of prediction − actual */
  bias: Measured<Estimate>
  mae: Measured<Estimate>
  mse: Measured<Estimate>
  /** √ of the mean squared error; its interval is that of the mean squared error, under the root */
  rmse: Measured<Estimate>
}

/** Bias, MAE, MSE and RMSE with Student's intervals. */
export function regressionPerformance(sums: RegressionSums, confidence = 0.95, minimum = 30): RegressionPerformance {
  const mse = meanEstimate(sums.squared, confidence, minimum)
  const root = (x: number) => Math.sqrt(Math.max(0, x))
  return {
    bias: meanEstimate(sums.error, confidence, minimum),
    mae: meanEstimate(sums.absolute, confidence, minimum),
    mse,
    rmse: mse.ok ? { ...mse, value: root(mse.value), low: root(mse.low), high: root(mse.high) } : mse,
  }
}
