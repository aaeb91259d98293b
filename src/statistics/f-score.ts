import { normalQuantile } from './normal.ts'
import { wilsonInterval } from './proportions-test.ts'
import type { Estimate } from './too-few-samples.ts'

/** Rows rightly found, wrongly found, missed. */
export interface Found {
  right: number
  wrong: number
  missed: number
}

export interface PrecisionRecall {
  /** right / found, Wilson's interval; 0 where nothing was found (scikit-learn's zero_division=0) */
  precision: Estimate
  /** right / there, Wilson's interval; 0 where nothing is there */
  recall: Estimate
  /** 2 right / (2 right + wrong + missed); delta method: variance (4 right (1 − F)² + (wrong + missed) F²) / denominator² */
  f1: Estimate
}

/** Precision, recall and F1 of what was found, each with its interval. */
export function precisionRecall({ right, wrong, missed }: Found, confidence = 0.95): PrecisionRecall {
  const share = (n: number): Estimate =>
    n > 0
      ? { value: right / n, ...wilsonInterval({ successes: right, n }, confidence), n }
      : { value: 0, low: 0, high: 1, n }
  const all = 2 * right + wrong + missed
  const value = all > 0 ? (2 * right) / all : 0
  const error = all > 0 ? Math.sqrt(4 * right * (1 - value) ** 2 + (wrong + missed) * value ** 2) / all : 1
  const half = normalQuantile((1 + confidence) / 2) * error
  return {
    precision: share(right + wrong),
    recall: share(right + missed),
    f1: { value, low: Math.max(0, value - half), high: Math.min(1, value + half), n: right + wrong + missed },
  }
}
