import { meanEstimate, momentsOf } from './moments.ts'
import { type Estimate, type Measured, tooFewSamples } from './too-few-samples.ts'

const mean = (values: readonly number[], confidence: number, minimum: number) =>
  meanEstimate(momentsOf(values.filter((x) => !Number.isNaN(x))), confidence, minimum)

/** Symmetric MAPE, mean 2|e| / (|y| + |p|), 0 to 2 (Makridakis 1993, as a share); 0 where both are 0. */
export const smape = (
  predictions: readonly number[],
  actuals: readonly number[],
  confidence = 0.95,
  minimum = 30,
): Measured<Estimate> =>
  mean(
    predictions.map((p, i) => {
      const size = Math.abs(p) + Math.abs(actuals[i]!)
      return size === 0 ? 0 : (2 * Math.abs(p - actuals[i]!)) / size
    }),
    confidence,
    minimum,
  )

/**
 * Mean absolute scaled error (Hyndman & Koehler 2006): the mean |e| over the mean |y_t − y_{t−season}| of the history the
 * model was trained on; below 1 is better than repeating the last season. Too few samples where the history does not
 * vary or is not longer than a season. The interval takes the scale as known.
 */
export function mase(
  predictions: readonly number[],
  actuals: readonly number[],
  history: readonly number[],
  season = 1,
  confidence = 0.95,
  minimum = 30,
): Measured<Estimate> {
  const steps = history.slice(season).map((y, i) => Math.abs(y - history[i]!))
  const known = steps.filter((x) => !Number.isNaN(x))
  if (known.length < 1) return tooFewSamples('steps of history', 1, known.length)
  const scale = known.reduce((a, b) => a + b, 0) / known.length
  if (scale === 0) return tooFewSamples('steps of history that vary', 1, 0)
  return mean(
    predictions.map((p, i) => Math.abs(p - actuals[i]!) / scale),
    confidence,
    minimum,
  )
}

/** Pinball loss of forecasts of the q-quantile: mean of q·(y − p) where y ≥ p, (1 − q)·(p − y) elsewhere (Koenker & Bassett 1978). */
export const pinball = (
  quantile: number,
  predictions: readonly number[],
  actuals: readonly number[],
  confidence = 0.95,
  minimum = 30,
): Measured<Estimate> =>
  mean(
    predictions.map((p, i) => {
      const gap = actuals[i]! - p
      return gap >= 0 ? quantile * gap : (quantile - 1) * gap
    }),
    confidence,
    minimum,
  )
