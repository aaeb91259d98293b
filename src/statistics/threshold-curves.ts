import type { ScoreBin } from './auc.ts'
import { type PrecisionRecall, precisionRecall } from './f-score.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

/** What happens when rows with a score of at least `threshold` are called positive. */
export interface ThresholdPoint {
  threshold: number
  truePositives: number
  falsePositives: number
  falseNegatives: number
  trueNegatives: number
}

/**
 * The confusion at every distinct score, from the highest threshold (+∞: nobody is positive) to the lowest. `bins` ascend
 * by score; with one bin a distinct score this is exact, with bins of sketches thresholds are right within 1 %.
 */
export function confusionAtThresholds(bins: readonly ScoreBin[]): Measured<{ points: ThresholdPoint[] }> {
  const positives = bins.reduce((sum, b) => sum + b.positives, 0)
  const negatives = bins.reduce((sum, b) => sum + b.negatives, 0)
  if (Math.min(positives, negatives) < 1)
    return tooFewSamples(positives < negatives ? 'positives' : 'negatives', 1, Math.min(positives, negatives))
  let truePositives = 0
  let falsePositives = 0
  const at = (threshold: number): ThresholdPoint => ({
    threshold,
    truePositives,
    falsePositives,
    falseNegatives: positives - truePositives,
    trueNegatives: negatives - falsePositives,
  })
  const points = [at(Infinity)]
  for (let i = bins.length - 1; i >= 0; i--) {
    truePositives += bins[i]!.positives
    falsePositives += bins[i]!.negatives
    points.push(at(bins[i]!.score))
  }
  return { ok: true, points }
}

/** False-positive and true-positive rate at every threshold, from (0, 0) to (1, 1). */
export const rocCurve = (points: readonly ThresholdPoint[]) =>
  points.map((p) => ({
    threshold: p.threshold,
    falsePositiveRate: p.falsePositives / (p.falsePositives + p.trueNegatives),
    truePositiveRate: p.truePositives / (p.truePositives + p.falseNegatives),
  }))

/** Recall and precision at every threshold; precision is 1 where nobody is positive. */
export const precisionRecallCurve = (points: readonly ThresholdPoint[]) =>
  points.map((p) => ({
    threshold: p.threshold,
    recall: p.truePositives / (p.truePositives + p.falseNegatives),
    precision: p.truePositives + p.falsePositives > 0 ? p.truePositives / (p.truePositives + p.falsePositives) : 1,
  }))

/** Σ (recall gained) · precision, the area under the curve of precision and recall without interpolation. */
export function areaUnderPrecisionRecall(points: readonly ThresholdPoint[]): number {
  const curve = precisionRecallCurve(points)
  return curve.reduce((sum, p, i) => sum + (i > 0 ? (p.recall - curve[i - 1]!.recall) * p.precision : 0), 0)
}

/**
 * Cumulative gain and lift: among the share `depth` of rows with the highest scores, `gain` is the share of all positives
 * found, `lift` how many times more than by chance (1 at depth 1; at depth 0 it is taken as the first point's).
 */
export function gainCurve(points: readonly ThresholdPoint[]): { depth: number; gain: number; lift: number }[] {
  const curve = points.map((p) => {
    const all = p.truePositives + p.falsePositives + p.falseNegatives + p.trueNegatives
    const depth = (p.truePositives + p.falsePositives) / all
    const gain = p.truePositives / (p.truePositives + p.falseNegatives)
    return { depth, gain, lift: depth > 0 ? gain / depth : Number.NaN }
  })
  if (curve.length > 1) curve[0]!.lift = curve[1]!.lift
  return curve
}

/** Largest true-positive minus false-positive rate (the Kolmogorov-Smirnov of scores by class, Youden's J) and where. */
export function bestSeparation(points: readonly ThresholdPoint[]): { value: number; threshold: number } {
  return rocCurve(points).reduce(
    (best, p) => {
      const value = p.truePositiveRate - p.falsePositiveRate
      return value > best.value ? { value, threshold: p.threshold } : best
    },
    { value: 0, threshold: Infinity },
  )
}

/** Precision, recall and F1 with intervals, specificity, Matthews' correlation at one threshold. */
export function atThreshold(
  p: ThresholdPoint,
  confidence = 0.95,
): PrecisionRecall & { specificity: number; matthews: number; accuracy: number } {
  const { truePositives: tp, falsePositives: fp, falseNegatives: fn, trueNegatives: tn } = p
  const spread = Math.sqrt((tp + fp) * (tp + fn)) * Math.sqrt((tn + fp) * (tn + fn))
  return {
    ...precisionRecall({ right: tp, wrong: fp, missed: fn }, confidence),
    specificity: tn / (tn + fp),
    matthews: spread > 0 ? (tp * tn - fp * fn) / spread : 0,
    accuracy: (tp + tn) / (tp + fp + fn + tn),
  }
}
