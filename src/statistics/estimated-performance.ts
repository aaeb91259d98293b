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
  /** of the expected counts at the threshold; spread by the delta method */
  precision: Measured<Estimate>
  recall: Measured<Estimate>
  f1: Measured<Estimate>
}

/**
 * Performance expected without labels, if the scores are calibrated (CBPE, confidence-based performance estimation as
 * NannyML names it): each row is positive with probability p = its score (or what `calibrated` makes of it), so
 *   E[loss] = mean of p · loss if positive + (1 − p) · loss if not, for log loss and Brier score of the score; E[accuracy] = mean of p where the score ≥ threshold, else 1−p;
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
    return { logLoss: few, brier: few, accuracy: few, auc: few, precision: few, recall: few, f1: few }
  }
  const z = normalQuantile((1 + confidence) / 2)
  const sums = { logLoss: [0, 0], brier: [0, 0], accuracy: [0, 0] }
  const add = (sum: number[], mean: number, variance: number, count: number) => {
    sum[0]! += count * mean
    sum[1]! += count * variance
  }
  const selected = { n: 0, positives: 0, variance: 0 }
  const rejected = { variance: 0 }
  let positives = 0
  let below = 0
  let ordered = 0
  for (const [key, count] of sketchEntries(scores)) {
    const score = Math.min(1, Math.max(0, sketchValue(key)))
    const p = calibrated(score)
    const v = p * (1 - p)
    // the loss is that of the score, as it will be realised; only the chances are calibrated
    const ofPositive = logLoss(score, true)
    const ofNegative = logLoss(score, false)
    add(sums.logLoss, p * ofPositive + (1 - p) * ofNegative, v * (ofPositive - ofNegative) ** 2, count)
    add(sums.brier, p * (1 - score) ** 2 + (1 - p) * score ** 2, v * (1 - 2 * score) ** 2, count)
    if (score >= threshold) {
      selected.n += count
      selected.positives += count * p
      selected.variance += count * v
    } else rejected.variance += count * v
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
  // a share of expected counts whose slopes against a selected and a rejected positive are these
  const share = (right: number, all: number, ofSelected: number, ofRejected: number): Measured<Estimate> => {
    if (all < 1) return tooFewSamples('expected rows', 1, Math.floor(all))
    const value = right / all
    const variance = ofSelected ** 2 * selected.variance + ofRejected ** 2 * rejected.variance
    const half = (z * Math.sqrt(variance)) / all
    return { ok: true, value, low: Math.max(0, value - half), high: Math.min(1, value + half), n }
  }
  const recall = positives > 0 ? selected.positives / positives : 0
  const f1 = positives + selected.n > 0 ? (2 * selected.positives) / (positives + selected.n) : 0
  const fewest = Math.floor(Math.min(positives, below))
  const value = ordered / (positives * below)
  return {
    logLoss: estimate(sums.logLoss),
    brier: estimate(sums.brier),
    accuracy: estimate(sums.accuracy),
    precision: share(selected.positives, selected.n, 1, 0),
    recall: share(selected.positives, positives, 1 - recall, -recall),
    f1: share(2 * selected.positives, positives + selected.n, 2 - f1, -f1),
    auc:
      fewest < 10
        ? tooFewSamples(positives < below ? 'expected positives' : 'expected negatives', 10, fewest)
        : { ok: true, value, ...logitInterval(value, hanleyMcNeilError(value, positives, below), confidence), n },
  }
}
