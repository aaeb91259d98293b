import { noBinarySums } from '../statistics/binary-performance.ts'
import { noRegressionSums } from '../statistics/regression-performance.ts'
import type { Sketch } from '../statistics/sketch.ts'
import { noPerformance, type PerformanceSums } from '../statistics/slice.ts'

/** Sums of a binary classifier over the rows of a chunk whose truth is known. */
export interface ScoreSums {
  n: number
  positives: number
  truePositives: number
  falsePositives: number
  scoreSum: number
  scoreVariance: number
  lossSum: number
  lossSquares: number
  brier: number
  brierSquares: number
  positiveScores: Sketch
  negativeScores: Sketch
}

export const ofScores = (sums: ScoreSums): PerformanceSums => ({
  joined: sums.n,
  regression: noRegressionSums,
  binary: {
    ...noBinarySums,
    logLoss: { n: sums.n, sum: sums.lossSum, sumSquares: sums.lossSquares },
    brier: { n: sums.n, sum: sums.brier, sumSquares: sums.brierSquares },
    scoreSum: sums.scoreSum,
    scoreVariance: sums.scoreVariance,
    positives: sums.positives,
    truePositives: sums.truePositives,
    falsePositives: sums.falsePositives,
    positiveScores: sums.positiveScores,
    negativeScores: sums.negativeScores,
  },
})

/** Sums of the errors of a regression over the rows of a chunk whose truth is known. */
export interface ErrorSums {
  n: number
  error: number
  absolute: number
  squares: number
  fourth: number
}

export const ofErrors = ({ n, error, absolute, squares, fourth }: ErrorSums): PerformanceSums => ({
  ...noPerformance,
  joined: n,
  regression: {
    error: { n, sum: error, sumSquares: squares },
    absolute: { n, sum: absolute, sumSquares: squares },
    squared: { n, sum: squares, sumSquares: fourth },
  },
})
