import type { MonitorScore } from '../contracts/monitor-kind.ts'
import { type BinarySums, binsOfSketches } from '../statistics/binary-performance.ts'
import { type EstimatedPerformance, estimatedPerformance } from '../statistics/estimated-performance.ts'
import { fitIsotonic, isotonicAt } from '../statistics/isotonic-regression.ts'
import { forecastLimits, forecastMean, forecastP, meanPosterior } from '../statistics/mean-forecast.ts'
import type { Sketch } from '../statistics/sketch.ts'

/** Rows of the reference with truth from which scores are calibrated; with fewer they are taken as they are. */
const CALIBRATED_FROM = 1000

export interface ScoreCalibration {
  at(score: number): number
  method: string
}

/** What a score means, learnt from the reference: CBPE holds only as far as its probabilities are calibrated. */
export function calibrateScores(reference: BinarySums): ScoreCalibration {
  const bins = binsOfSketches(reference.positiveScores, reference.negativeScores)
  const rows = bins.reduce((n, bin) => n + bin.positives + bin.negatives, 0)
  if (rows < CALIBRATED_FROM) return { at: (score) => score, method: 'CBPE on the scores as they are' }
  const fit = fitIsotonic(
    bins.map((bin) => bin.score),
    bins.map((bin) => bin.positives / (bin.positives + bin.negatives)),
    bins.map((bin) => bin.positives + bin.negatives),
  )
  return {
    at: (score) => isotonicAt(fit, score),
    method: `CBPE, scores calibrated by isotonic regression on ${rows} rows of the reference`,
  }
}

/** The performance expected of scores without truth. */
export const estimateScores = (scores: Sketch, threshold: number, minimum: number, calibration: ScoreCalibration) =>
  estimatedPerformance(scores, threshold, 0.95, minimum, calibration.at)

const metrics = [
  { name: 'estimated_auc', of: (found: EstimatedPerformance) => found.auc, side: 'below' },
  { name: 'estimated_log_loss', of: (found: EstimatedPerformance) => found.logLoss, side: 'above' },
  { name: 'estimated_brier', of: (found: EstimatedPerformance) => found.brier, side: 'above' },
  { name: 'estimated_accuracy', of: (found: EstimatedPerformance) => found.accuracy, side: 'below' },
] as const

export interface EstimateRequest {
  /** scores of the chunks of the reference and of the current rows, in their order */
  reference: readonly Sketch[]
  current: { whole: Sketch; rows: readonly number[] }
  threshold: number
  minRows: number
  alpha: number
  calibration: ScoreCalibration
}

/**
 * The expected performance as scores of monitors, with limits from what is expected of the reference's own chunks.
 * `watch` beyond the limit; the family decides together.
 */
export function estimateMonitors(request: EstimateRequest): MonitorScore[] {
  const { threshold, minRows, alpha, calibration } = request
  const estimate = (scores: Sketch) => estimateScores(scores, threshold, minRows, calibration)
  const now = estimate(request.current.whole)
  const before = request.reference.map(estimate)
  return metrics.flatMap(({ name, of, side }): MonitorScore[] => {
    const found = of(now)
    const score = {
      monitor: `performance.${name}`,
      feature: '',
      segment: '',
      samples: request.current.rows.reduce((a, b) => a + b, 0),
      thresholdLow: null,
      thresholdHigh: null,
      p: null,
    }
    const definition = {
      metric: name,
      method: `${calibration.method}; blind to a change of what the scores mean`,
      confidence: 0.95,
    }
    if (!found.ok) return [{ ...score, value: null, low: null, high: null, state: 'too_few_samples', definition }]
    const measured = { ...score, value: found.value, low: found.low, high: found.high }
    const chunks = before.map(of).filter((chunk) => chunk.ok)
    const posterior = meanPosterior(
      chunks.map((chunk) => chunk.value),
      chunks.map(() => 0),
    )
    if (!posterior.ok) return [{ ...measured, state: 'no_reference', definition }]
    const forecast = forecastMean(posterior, request.current.rows, 0)
    const limits = forecastLimits(forecast, alpha, side)
    const outside = side === 'below' ? found.value < limits.low : found.value > limits.high
    return [
      {
        ...measured,
        thresholdLow: side === 'below' ? limits.low : null,
        thresholdHigh: side === 'above' ? limits.high : null,
        p: forecastP(forecast, found.value, side),
        state: outside ? 'watch' : 'ok',
        definition: {
          ...definition,
          threshold: {
            method: 'forecast from what is expected of the reference’s own parts, AR(1)',
            alpha,
            side,
            chunks: chunks.length,
          },
        },
      },
    ]
  })
}
