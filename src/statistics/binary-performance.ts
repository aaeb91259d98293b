import { type Auc, auc, type ScoreBin } from './auc.ts'
import { brier } from './brier.ts'
import { logLoss } from './log-loss.ts'
import { type Moments, meanEstimate, mergeMoments, momentsOf, noMoments } from './moments.ts'
import { normalQuantile, normalTwoSided } from './normal.ts'
import { mergeSketches, type Sketch, sketchKey, sketchValue } from './sketch.ts'
import { type Estimate, type Measured, tooFewSamples } from './too-few-samples.ts'

/** Mergeable sums of a binary classifier's scored rows with their truth. */
export interface BinarySums {
  logLoss: Moments
  brier: Moments
  /** Σ score over rows, and Σ score·(1 − score), the variance of the number of positives if the scores are calibrated */
  scoreSum: number
  scoreVariance: number
  positives: number
  truePositives: number
  falsePositives: number
  /** scores by class, as sketches */
  positiveScores: Sketch
  negativeScores: Sketch
}

export const noBinarySums: BinarySums = {
  logLoss: noMoments,
  brier: noMoments,
  scoreSum: 0,
  scoreVariance: 0,
  positives: 0,
  truePositives: 0,
  falsePositives: 0,
  positiveScores: new Map(),
  negativeScores: new Map(),
}

/** The sums of arrays; a row is predicted positive when its score is at least `threshold`. */
export function binarySumsOf(scores: readonly number[], actuals: readonly boolean[], threshold = 0.5): BinarySums {
  const byClass = [new Map<number, number>(), new Map<number, number>()]
  const sums = { scoreSum: 0, scoreVariance: 0, positives: 0, truePositives: 0, falsePositives: 0 }
  scores.forEach((score, i) => {
    const actual = actuals[i]!
    sums.scoreSum += score
    sums.scoreVariance += score * (1 - score)
    if (actual) sums.positives++
    if (score >= threshold) actual ? sums.truePositives++ : sums.falsePositives++
    const sketch = byClass[actual ? 1 : 0]!
    const key = sketchKey(score)
    sketch.set(key, (sketch.get(key) ?? 0) + 1)
  })
  return {
    ...sums,
    logLoss: momentsOf(scores.map((s, i) => logLoss(s, actuals[i]!))),
    brier: momentsOf(scores.map((s, i) => brier(s, actuals[i]!))),
    positiveScores: byClass[1]!,
    negativeScores: byClass[0]!,
  }
}

/** The sums of the union of disjoint rows. */
export const mergeBinarySums = (a: BinarySums, b: BinarySums): BinarySums => ({
  logLoss: mergeMoments(a.logLoss, b.logLoss),
  brier: mergeMoments(a.brier, b.brier),
  scoreSum: a.scoreSum + b.scoreSum,
  scoreVariance: a.scoreVariance + b.scoreVariance,
  positives: a.positives + b.positives,
  truePositives: a.truePositives + b.truePositives,
  falsePositives: a.falsePositives + b.falsePositives,
  positiveScores: mergeSketches(a.positiveScores, b.positiveScores),
  negativeScores: mergeSketches(a.negativeScores, b.negativeScores),
})

/**
 * Calibration in the large: mean actual − mean score, z = (Σ y − Σ p) / √Σ p(1 − p), two-sided p under the hypothesis
 * that every score is the true probability (Cox 1958). The interval is the gap ± z·√Σ p(1 − p) / n.
 */
export function calibrationInTheLarge(
  sums: BinarySums,
  confidence = 0.95,
  minimum = 30,
): Measured<Estimate & { z: number; p: number }> {
  const n = sums.brier.n
  if (n < minimum) return tooFewSamples('rows', minimum, n)
  const value = (sums.positives - sums.scoreSum) / n
  const error = Math.sqrt(sums.scoreVariance) / n
  const z = error > 0 ? value / error : value === 0 ? 0 : Math.sign(value) * Infinity
  const half = normalQuantile((1 + confidence) / 2) * error
  return { ok: true, value, low: value - half, high: value + half, n, z, p: normalTwoSided(z) }
}

/** Positives and negatives over the bins of two sketches of scores. */
export function binsOfSketches(positives: Sketch, negatives: Sketch): ScoreBin[] {
  const keys = [...new Set([...positives.keys(), ...negatives.keys()])].sort((a, b) => a - b)
  return keys.map((key) => ({
    score: sketchValue(key),
    positives: positives.get(key) ?? 0,
    negatives: negatives.get(key) ?? 0,
  }))
}

export interface BinaryPerformance {
  logLoss: Measured<Estimate>
  brier: Measured<Estimate>
  auc: Measured<Auc>
  calibration: Measured<Estimate & { z: number; p: number }>
  accuracy: Measured<Estimate>
}

/** Everything the sums tell, each with its interval or with "too few samples". */
export function binaryPerformance(sums: BinarySums, confidence = 0.95, minimum = 30): BinaryPerformance {
  const n = sums.brier.n
  const right = n - sums.positives + 2 * sums.truePositives - (sums.truePositives + sums.falsePositives)
  return {
    logLoss: meanEstimate(sums.logLoss, confidence, minimum),
    brier: meanEstimate(sums.brier, confidence, minimum),
    auc: auc(binsOfSketches(sums.positiveScores, sums.negativeScores), confidence),
    calibration: calibrationInTheLarge(sums, confidence, minimum),
    accuracy: meanEstimate({ n, sum: right, sumSquares: right }, confidence, minimum),
  }
}
