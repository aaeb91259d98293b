import type { PerformanceCurves } from '../../../api/types.ts'

type Point = NonNullable<PerformanceCurves['thresholds']>[number]
type Operating = NonNullable<PerformanceCurves['operating']>

export interface Confusion {
  truePositives: number
  falsePositives: number
  falseNegatives: number
  trueNegatives: number
}

/** The confusion at a point of the curves: its rates are of so many positives and negatives as the endpoint's own confusion has. */
export function confusionAt(point: Point, operating: Operating): Confusion {
  const positives = operating.truePositives + operating.falseNegatives
  const negatives = operating.falsePositives + operating.trueNegatives
  const truePositives = Math.round(point.truePositiveRate * positives)
  const falsePositives = Math.round(point.falsePositiveRate * negatives)
  return {
    truePositives,
    falsePositives,
    falseNegatives: positives - truePositives,
    trueNegatives: negatives - falsePositives,
  }
}

const share = (part: number, whole: number) => (whole > 0 ? part / whole : null)

/** What follows from a confusion; null where it divides by nothing. */
export function ratesOf({ truePositives, falsePositives, falseNegatives, trueNegatives }: Confusion) {
  const all = truePositives + falsePositives + falseNegatives + trueNegatives
  const positives = truePositives + falseNegatives
  const flagged = truePositives + falsePositives
  const precision = share(truePositives, flagged)
  return {
    precision,
    recall: share(truePositives, positives),
    specificity: share(trueNegatives, falsePositives + trueNegatives),
    f1: share(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives),
    accuracy: share(truePositives + trueNegatives, all),
    flagged: share(flagged, all),
    lift: precision === null || positives === 0 ? null : precision / (positives / all),
  }
}

/** Place of the threshold that is nearest. */
export const nearest = (thresholds: readonly number[], wanted: number): number =>
  thresholds.reduce((best, one, i) => (Math.abs(one - wanted) < Math.abs(thresholds[best]! - wanted) ? i : best), 0)
