import { auc, scoreBins } from '../statistics/auc.ts'
import { aucDifference } from '../statistics/auc-difference.ts'
import { brier } from '../statistics/brier.ts'
import { logLoss } from '../statistics/log-loss.ts'
import { meanEstimate, momentsOf } from '../statistics/moments.ts'
import { pairedDifference } from '../statistics/paired-difference.ts'
import type { Estimate, Measured } from '../statistics/too-few-samples.ts'
import type { GateMetric } from './model-spec.ts'

/** Scores of one model on the rows of a gate, and the truth: for binary models 1 for positive, 0 for negative. */
export interface ScoredRows {
  scores: readonly number[]
  truths: readonly number[]
}

type PerRow = (score: number, truth: number) => number

/** Metrics that are a mean over rows; rmse is the root of one. */
const perRow: Record<Exclude<GateMetric, 'auc'>, PerRow> = {
  log_loss: (score, truth) => logLoss(score, truth === 1),
  brier: (score, truth) => brier(score, truth === 1),
  accuracy: (score, truth) => (score >= 0.5 === (truth === 1) ? 1 : 0),
  mae: (score, truth) => Math.abs(score - truth),
  rmse: (score, truth) => (score - truth) ** 2,
}

const values = (rows: ScoredRows, of: PerRow) => rows.scores.map((score, i) => of(score, rows.truths[i]!))

/** One model's metric with its interval (DeLong for AUC, Student for means, the interval of the mean square under the root for RMSE). */
export function gateMetric(metric: GateMetric, rows: ScoredRows, confidence: number): Measured<Estimate> {
  if (metric === 'auc') return auc(scoreBins(rows.scores, rows.truths.map(Boolean)), confidence)
  const estimate = meanEstimate(momentsOf(values(rows, perRow[metric])), confidence, 10)
  if (!estimate.ok || metric !== 'rmse') return estimate
  const root = (x: number) => Math.sqrt(Math.max(0, x))
  return { ...estimate, value: root(estimate.value), low: root(estimate.low), high: root(estimate.high) }
}

/**
 * Challenger − champion on the same rows: DeLong's paired interval for AUC, Student's of the paired differences for means.
 * For RMSE that of the squares, divided by the sum of both roots: √b − √a = (b − a) / (√a + √b).
 */
export function gateDifference(
  metric: GateMetric,
  champion: ScoredRows,
  challenger: ScoredRows,
  confidence: number,
): Measured<Estimate & { p: number }> {
  if (metric === 'auc')
    return aucDifference(champion.scores, challenger.scores, champion.truths.map(Boolean), confidence)
  const of = perRow[metric]
  const before = values(champion, of)
  const after = values(challenger, of)
  const difference = pairedDifference(before, after, confidence)
  if (!difference.ok || metric !== 'rmse') return difference
  const root = (squares: readonly number[]) => Math.sqrt(squares.reduce((sum, x) => sum + x, 0) / squares.length)
  const scale = root(before) + root(after)
  if (scale === 0) return difference
  return { ...difference, value: difference.value / scale, low: difference.low / scale, high: difference.high / scale }
}
