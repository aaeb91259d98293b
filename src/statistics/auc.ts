import { normalQuantile } from './normal.ts'
import { type Estimate, type Measured, tooFewSamples } from './too-few-samples.ts'

/** How many positives and negatives have one score (or lie in one bin of scores). */
export interface ScoreBin {
  score: number
  positives: number
  negatives: number
}

export interface Auc extends Estimate {
  /** standard error by DeLong */
  error: number
  /** largest difference to the AUC of the rows that binning of the scores can make; 0 for exact scores */
  binning: number
}

/** Rows grouped by their exact score, ascending. */
export function scoreBins(scores: readonly number[], actuals: readonly boolean[]): ScoreBin[] {
  const order = scores.map((_, i) => i).sort((a, b) => scores[a]! - scores[b]!)
  const bins: ScoreBin[] = []
  for (const i of order) {
    let bin = bins.at(-1)
    if (!bin || bin.score !== scores[i]) {
      bin = { score: scores[i]!, positives: 0, negatives: 0 }
      bins.push(bin)
    }
    if (actuals[i]) bin.positives++
    else bin.negatives++
  }
  return bins
}

/**
 * Area under the ROC curve with ties counted half, and its interval: DeLong's variance (DeLong et al. 1988) on the logit
 * scale, so that it stays within (0, 1). `bins` ascend by score; with one bin a distinct score all is exact. Needs
 * `minimum` rows of each class.
 */
export function auc(bins: readonly ScoreBin[], confidence = 0.95, minimum = 10): Measured<Auc> {
  const positives = bins.reduce((s, b) => s + b.positives, 0)
  const negatives = bins.reduce((s, b) => s + b.negatives, 0)
  const had = Math.min(positives, negatives)
  const needed = Math.max(2, minimum)
  if (had < needed) return tooFewSamples(positives < negatives ? 'positives' : 'negatives', needed, had)
  let below = 0
  let passed = 0
  let sumP = 0
  let squaresP = 0
  let squaresN = 0
  let tied = 0
  for (const bin of bins) {
    const ofPositive = (below + bin.negatives / 2) / negatives
    const ofNegative = (positives - passed - bin.positives / 2) / positives
    sumP += bin.positives * ofPositive
    squaresP += bin.positives * ofPositive ** 2
    squaresN += bin.negatives * ofNegative ** 2
    tied += bin.positives * bin.negatives
    below += bin.negatives
    passed += bin.positives
  }
  const value = sumP / positives
  const spreadP = Math.max(0, squaresP - positives * value ** 2) / (positives - 1)
  const spreadN = Math.max(0, squaresN - negatives * value ** 2) / (negatives - 1)
  const error = Math.sqrt(spreadP / positives + spreadN / negatives)
  return {
    ok: true,
    value,
    ...logitInterval(value, error, confidence),
    n: positives + negatives,
    error,
    binning: tied / (2 * positives * negatives),
  }
}

/** value ± z·error, taken on the logit scale (delta method). */
export function logitInterval(value: number, error: number, confidence: number): { low: number; high: number } {
  if (value <= 0 || value >= 1 || error === 0) return { low: value, high: value }
  const z = normalQuantile((1 + confidence) / 2)
  const centre = Math.log(value / (1 - value))
  const half = (z * error) / (value * (1 - value))
  const back = (x: number) => 1 / (1 + Math.exp(-x))
  return { low: back(centre - half), high: back(centre + half) }
}

/** Standard error of an AUC from its value and class sizes alone (Hanley & McNeil 1982). */
export function hanleyMcNeilError(value: number, positives: number, negatives: number): number {
  const q1 = value / (2 - value)
  const q2 = (2 * value * value) / (1 + value)
  const variance = value * (1 - value) + (positives - 1) * (q1 - value * value) + (negatives - 1) * (q2 - value * value)
  return Math.sqrt(variance / (positives * negatives))
}
