import { hanleyMcNeilError, logitInterval } from './auc.ts'
import { fitIsotonic, type IsotonicFit, isotonicAt } from './isotonic-regression.ts'
import { normalQuantile } from './normal.ts'
import { type Estimate, type Measured, tooFewSamples } from './too-few-samples.ts'

export interface MultiClassCalibration {
  classes: readonly string[]
  fits: IsotonicFit[]
}

/** Isotonic calibration of each class against the others on rows with truth, as NannyML's CBPE does. Needs `minimum` rows. */
export function fitMultiClassCalibration(
  classes: readonly string[],
  scores: readonly (readonly number[])[],
  actuals: readonly string[],
  minimum = 100,
): Measured<{ calibration: MultiClassCalibration }> {
  if (scores.length < minimum) return tooFewSamples('rows', minimum, scores.length)
  const fits = classes.map((name, k) =>
    fitIsotonic(
      scores.map((row) => row[k]!),
      actuals.map((a) => (a === name ? 1 : 0)),
    ),
  )
  return { ok: true, calibration: { classes, fits } }
}

/** Calibrated probabilities of one row, scaled to sum to 1; equal ones where all are 0. */
export function calibrateRow({ fits }: MultiClassCalibration, row: readonly number[]): number[] {
  const raw = fits.map((fit, k) => isotonicAt(fit, row[k]!))
  const sum = raw.reduce((a, b) => a + b, 0)
  return raw.map((p) => (sum > 0 ? p / sum : 1 / raw.length))
}

export interface MultiClassEstimate {
  accuracy: Measured<Estimate>
  /** plain mean of the classes' F1 */
  macroF1: Measured<Estimate>
  /** plain mean of the classes' AUC against the others */
  auc: Measured<Estimate>
}

/**
 * Performance of a classifier of any number of classes expected without labels (M-CBPE): `probabilities[i][k]` is taken
 * as the true chance of `classes[k]`, so calibrate first. E[accuracy] = mean p of the predicted class; F1 of a class
 * from expected counts, 2 E[TP] / (predicted + E[actual]); AUC from expected rows at every probability. The intervals
 * are the sampling spread of the realised value given the probabilities (F1 by the delta method over the multinomial of
 * each row, AUC the mean of Hanley & McNeil's errors, which ignores that classes err together and so is cautious).
 * Concept drift is not seen. Rows with NaN are left out.
 */
export function multiClassEstimate(
  classes: readonly string[],
  probabilities: readonly (readonly number[])[],
  predictions: readonly string[],
  confidence = 0.95,
  minimum = 30,
): MultiClassEstimate {
  const places = new Map(classes.map((name, k) => [name, k]))
  const rows = probabilities
    .map((p, i) => ({ p, chosen: places.get(predictions[i]!) ?? -1 }))
    .filter(({ p }) => !p.some(Number.isNaN))
  const n = rows.length
  if (n < Math.max(2, minimum)) {
    const few = tooFewSamples('rows', Math.max(2, minimum), n)
    return { accuracy: few, macroF1: few, auc: few }
  }
  const z = normalQuantile((1 + confidence) / 2)
  const within = (value: number, error: number): Measured<Estimate> => ({
    ok: true,
    value,
    low: Math.max(0, value - z * error),
    high: Math.min(1, value + z * error),
    n,
  })
  const ofChosen = rows.map(({ p, chosen }) => p[chosen] ?? 0)
  const accuracy = ofChosen.reduce((a, b) => a + b, 0) / n
  const counts = classes.map((_, k) => ({
    right: rows.reduce((sum, row) => sum + (row.chosen === k ? row.p[k]! : 0), 0),
    called: rows.filter((row) => row.chosen === k).length,
    actual: rows.reduce((sum, row) => sum + row.p[k]!, 0),
  }))
  const f1 = counts.map((c) => (c.called + c.actual > 0 ? (2 * c.right) / (c.called + c.actual) : 0))
  let variance = 0
  for (const { p, chosen } of rows) {
    let first = 0
    let second = 0
    counts.forEach((c, k) => {
      if (c.called + c.actual === 0) return
      const slope = ((chosen === k ? 2 : 0) - f1[k]!) / (c.called + c.actual)
      first += p[k]! * slope
      second += p[k]! * slope * slope
    })
    variance += second - first * first
  }
  return {
    accuracy: within(accuracy, Math.sqrt(ofChosen.reduce((sum, p) => sum + p * (1 - p), 0)) / n),
    macroF1: within(f1.reduce((a, b) => a + b, 0) / f1.length, Math.sqrt(Math.max(0, variance)) / f1.length),
    auc: expectedAuc(
      classes.map((_, k) => rows.map((row) => row.p[k]!)),
      n,
      confidence,
    ),
  }
}

function expectedAuc(columns: number[][], n: number, confidence: number): Measured<Estimate> {
  const found = columns.map((column) => {
    let below = 0
    let ordered = 0
    let positives = 0
    const sorted = Float64Array.from(column).sort()
    for (let start = 0; start < sorted.length; ) {
      let end = start
      while (end < sorted.length && sorted[end] === sorted[start]) end++
      const p = sorted[start]!
      ordered += (end - start) * p * (below + ((end - start) * (1 - p)) / 2)
      below += (end - start) * (1 - p)
      positives += (end - start) * p
      start = end
    }
    return { positives, negatives: below, value: ordered / (positives * below) }
  })
  const fewest = Math.floor(Math.min(...found.map((f) => Math.min(f.positives, f.negatives))))
  if (!(fewest >= 10)) return tooFewSamples('expected rows of each class', 10, fewest)
  const mean = (of: (f: (typeof found)[number]) => number) => found.reduce((sum, f) => sum + of(f), 0) / found.length
  const value = mean((f) => f.value)
  const error = mean((f) => hanleyMcNeilError(f.value, f.positives, f.negatives))
  return { ok: true, value, ...logitInterval(value, error, confidence), n }
}
