import { binsOfSketches } from './binary-performance.ts'
import { estimatedLoss, fitLossModel } from './direct-loss-estimation.ts'
import { fitIsotonic, isotonicAt } from './isotonic-regression.ts'
import { normalQuantile } from './normal.ts'
import type { SampleColumns } from './sample-columns.ts'
import type { SampledRow } from './sampled-row.ts'
import { type Sketch, sketchCount, sketchEntries, sketchValue } from './sketch.ts'
import type { PerformanceSums } from './slice.ts'
import { type Estimate, type Measured, tooFewSamples } from './too-few-samples.ts'

/** Fewer rows with truth calibrate nothing: scores are taken as they are. */
const LEAST = 300

/** The chance of a positive at a score, from rows with truth: isotonic, as NannyML's CBPE has it; undefined with too few rows. */
export function scoreCalibration({ binary }: PerformanceSums): ((score: number) => number) | undefined {
  const bins = binsOfSketches(binary.positiveScores, binary.negativeScores)
  if (Math.min(binary.positives, binary.brier.n - binary.positives) < LEAST / 10 || binary.brier.n < LEAST)
    return undefined
  const fit = fitIsotonic(
    bins.map(({ score }) => score),
    bins.map(({ positives, negatives }) => positives / (positives + negatives)),
    bins.map(({ positives, negatives }) => positives + negatives),
  )
  return (score) => isotonicAt(fit, score)
}

/** The chance that the predicted class is right at a confidence, from rows with both. */
export function confidenceCalibration(rows: readonly SampledRow[]): ((score: number) => number) | undefined {
  const known = rows.filter(({ score, label, outcome }) => score !== null && label !== '' && outcome !== '')
  if (known.length < LEAST) return undefined
  const fit = fitIsotonic(
    known.map(({ score }) => score!),
    known.map(({ label, outcome }) => (label === outcome ? 1 : 0)),
  )
  return (score) => isotonicAt(fit, score)
}

/** Expected accuracy: mean chance that the predicted class is right, with the sampling spread of the realised value. */
export function estimateOfConfidence(
  confidences: Sketch,
  calibrated: (score: number) => number = (score) => score,
  minimum = 30,
): Measured<Estimate> {
  const n = sketchCount(confidences)
  if (n < Math.max(1, minimum)) return tooFewSamples('rows with a confidence', Math.max(1, minimum), n)
  let sum = 0
  let variance = 0
  for (const [key, count] of sketchEntries(confidences)) {
    const p = Math.min(1, Math.max(0, calibrated(sketchValue(key))))
    sum += count * p
    variance += count * p * (1 - p)
  }
  const value = sum / n
  const half = (normalQuantile(0.975) * Math.sqrt(variance)) / n
  return { ok: true, value, low: Math.max(0, value - half), high: Math.min(1, value + half), n }
}

export interface LossEstimates {
  /** mean absolute and root mean squared error expected of rows without truth */
  estimate(
    rows: readonly SampledRow[],
    minimum: number,
  ): Record<'mae' | 'rmse', Measured<Estimate & { samplingError: number }>>
}

/** Models of the losses of a regression on reference rows with truth (DLE); undefined with too few of them. */
export function lossesOf(rows: readonly SampledRow[], columns: SampleColumns): LossEstimates | undefined {
  const inputOf = (row: SampledRow) => [...columns.encode(row), row.score ?? Number.NaN]
  const known = rows.filter(({ score, truth }) => score !== null && truth !== null)
  const inputs = known.map(inputOf)
  const errors = known.map(({ score, truth }) => score! - truth!)
  const absolute = fitLossModel(inputs, errors.map(Math.abs))
  const squared = fitLossModel(
    inputs,
    errors.map((e) => e * e),
  )
  if (!absolute.ok || !squared.ok) return undefined
  return {
    estimate(some, minimum) {
      const own = some.filter(({ score }) => score !== null).map(inputOf)
      const mae = estimatedLoss(absolute.lossModel, own, 0.95, minimum)
      const mse = estimatedLoss(squared.lossModel, own, 0.95, minimum)
      return {
        mae,
        rmse: mse.ok
          ? {
              ...mse,
              value: Math.sqrt(mse.value),
              low: Math.sqrt(mse.low),
              high: Math.sqrt(mse.high),
              samplingError: mse.value > 0 ? mse.samplingError / (2 * Math.sqrt(mse.value)) : 0,
            }
          : mse,
      }
    },
  }
}
