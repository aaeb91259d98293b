import { hanleyMcNeilError, logitInterval } from './auc.ts'
import { logLoss } from './log-loss.ts'
import { normalQuantile } from './normal.ts'
import { type Sketch, sketchCount, sketchEntries, sketchValue } from './sketch.ts'
import { type Estimate, type Measured, tooFewSamples } from './too-few-samples.ts'

export interface EstimatedPerformance {
  logLoss: Measured<Estimate>
  brier: Measured<Estimate>
  accuracy: Measured<Estimate>
  auc: Measured<Estimate>
}

/**
 * Performance expected without labels, if the scores are calibrated (CBPE, confidence-based performance estimation as
 * NannyML names it): each row is positive with probability p = its score (or what `calibrated` makes of it), so
 *   E[Brier] = mean p(1−p); E[log loss] = mean entropy; E[accuracy] = mean of p where the score ≥ threshold, else 1−p;
 *   E[AUC] from expected positives and negatives at every score.
 * Intervals are the sampling spread of the realised metric given the scores (for AUC Hanley & McNeil). They hold only
 * while calibration does: concept drift is not seen. Takes a sketch of scores, so each score is right within 1 %.
 */
export function estimatedPerformance(
  scores: Sketch,
  threshold = 0.5,
  confidence = 0.95,
  minimum = 30,
  calibrated: (score: number) => number = (score) => score,
): EstimatedPerformance {
  const n = sketchCount(scores)
  if (n < minimum) {
    const few = tooFewSamples('rows', minimum, n)
    return { logLoss: few, brier: few, accuracy: few, auc: few }
  }
  const z = normalQuantile((1 + confidence) / 2)
  const sums = { logLoss: [0, 0], brier: [0, 0], accuracy: [0, 0] }
  const add = (sum: number[], mean: number, variance: number, count: number) => {
    sum[0]! += count * mean
    sum[1]! += count * variance
  }
  let positives = 0
  let below = 0
  let ordered = 0
  for (const [key, count] of sketchEntries(scores)) {
    const score = Math.min(1, Math.max(0, sketchValue(key)))
    const p = calibrated(score)
    const v = p * (1 - p)
    const ofPositive = logLoss(p, true)
    const ofNegative = logLoss(p, false)
    add(sums.logLoss, p * ofPositive + (1 - p) * ofNegative, v * (ofPositive - ofNegative) ** 2, count)
    add(sums.brier, v, v * (1 - 2 * p) ** 2, count)
    add(sums.accuracy, score >= threshold ? p : 1 - p, v, count)
    positives += count * p
    ordered += count * p * (below + (count * (1 - p)) / 2)
    below += count * (1 - p)
  }
  const estimate = ([sum, variance]: number[]): Measured<Estimate> => {
    const value = sum! / n
    const half = (z * Math.sqrt(variance!)) / n
    return { ok: true, value, low: value - half, high: value + half, n }
  }
  const fewest = Math.floor(Math.min(positives, below))
  const value = ordered / (positives * below)
  return {
    logLoss: estimate(sums.logLoss),
    brier: estimate(sums.brier),
    accuracy: estimate(sums.accuracy),
    auc:
      fewest < 10
        ? tooFewSamples(positives < below ? 'expected positives' : 'expected negatives', 10, fewest)
        : { ok: true, value, ...logitInterval(value, hanleyMcNeilError(value, positives, below), confidence), n },
  }
}
