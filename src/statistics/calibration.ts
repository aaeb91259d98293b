import { wilsonInterval } from './proportions-test.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'

/** Mergeable: rows, Σ score and positives of each of equally wide bins of scores over [0, 1]. */
export interface CalibrationBins {
  n: number[]
  scores: number[]
  positives: number[]
}

/** The bins of arrays. A score on an edge belongs to the lower bin; scores outside [0, 1] to the outermost ones. */
export function calibrationBinsOf(scores: readonly number[], actuals: readonly boolean[], bins = 10): CalibrationBins {
  const zeros = () => new Array<number>(bins).fill(0)
  const found: CalibrationBins = { n: zeros(), scores: zeros(), positives: zeros() }
  // the edges as numpy's linspace has them, so that 0.3 falls on the same side as in scikit-learn
  const edges = Array.from({ length: bins - 1 }, (_, i) => (i + 1) * (1 / bins))
  scores.forEach((score, i) => {
    if (Number.isNaN(score)) return
    let low = 0
    let high = edges.length
    while (low < high) {
      const mid = (low + high) >> 1
      if (edges[mid]! < score) low = mid + 1
      else high = mid
    }
    found.n[low]!++
    found.scores[low]! += score
    if (actuals[i]) found.positives[low]!++
  })
  return found
}

/** The bins of the union of disjoint rows; both have the same number of bins. */
export const mergeCalibrationBins = (a: CalibrationBins, b: CalibrationBins): CalibrationBins => ({
  n: a.n.map((x, i) => x + b.n[i]!),
  scores: a.scores.map((x, i) => x + b.scores[i]!),
  positives: a.positives.map((x, i) => x + b.positives[i]!),
})

export interface Calibration {
  /** expected calibration error Σ (n_b / n) |ȳ_b − p̄_b| (Naeini et al. 2015); biased upwards by about √(bins / n) */
  ece: number
  /** the largest |ȳ_b − p̄_b| of the bins with `minimumOfBin` rows */
  mce: number
  /** bins with rows: mean score, share of positives, its Wilson interval */
  curve: { score: number; share: number; low: number; high: number; n: number }[]
  n: number
}

/** Reliability curve, ECE and MCE. Needs `minimum` rows. */
export function calibration(
  bins: CalibrationBins,
  confidence = 0.95,
  minimum = 30,
  minimumOfBin = 1,
): Measured<Calibration> {
  const n = bins.n.reduce((a, b) => a + b, 0)
  if (n < Math.max(1, minimum)) return tooFewSamples('rows', Math.max(1, minimum), n)
  const curve = bins.n.flatMap((rows, i) => {
    if (rows === 0) return []
    const successes = bins.positives[i]!
    const interval = wilsonInterval({ successes, n: rows }, confidence)
    return [{ score: bins.scores[i]! / rows, share: successes / rows, ...interval, n: rows }]
  })
  const gap = (point: { score: number; share: number }) => Math.abs(point.share - point.score)
  return {
    ok: true,
    ece: curve.reduce((sum, point) => sum + (point.n / n) * gap(point), 0),
    mce: curve.filter((p) => p.n >= minimumOfBin).reduce((most, point) => Math.max(most, gap(point)), 0),
    curve,
    n,
  }
}
