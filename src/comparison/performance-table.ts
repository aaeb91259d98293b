import { binaryPerformance } from '../statistics/binary-performance.ts'
import type { ConfusionMatrix } from '../statistics/confusion-matrix.ts'
import type { EstimatedPerformance } from '../statistics/estimated-performance.ts'
import { multiClassPerformance } from '../statistics/multi-class-performance.ts'
import { regressionPerformance } from '../statistics/regression-performance.ts'
import type { PerformanceSums } from '../statistics/slice.ts'
import type { Estimate, Measured } from '../statistics/too-few-samples.ts'
import type { PerformanceMetric } from './comparison.ts'

type Metric = Measured<Estimate>
type Told = Record<string, [title: string, definition: string]>

const binary: Told = {
  auc: ['AUC', 'area under the ROC curve, ties half; interval by DeLong'],
  accuracy: ['Accuracy', 'share of rows on the right side of the threshold'],
  logLoss: ['Log loss', 'mean of −ln of the probability given to what happened'],
  brier: ['Brier score', 'mean squared error of the probability'],
  calibration: ['Calibration in the large', 'mean actual − mean score'],
}
const regression: Told = {
  mae: ['Mean absolute error', 'mean |prediction − actual|'],
  rmse: ['Root mean squared error', '√ mean (prediction − actual)²'],
  bias: ['Mean error', 'mean of prediction − actual'],
}
const classes: Told = {
  accuracy: ['Accuracy', 'share of rows rightly classified; Wilson’s interval'],
  balancedAccuracy: ['Balanced accuracy', 'mean recall of the classes'],
  macroF1: ['Macro F1', 'plain mean of the classes’ F1'],
  matthews: ['Matthews’ correlation', 'Gorodkin 2004'],
}

function rows(
  told: Told,
  reference: Record<string, Metric> | null,
  current: Record<string, Metric> | null,
  estimated: Record<string, Metric> | null = null,
): PerformanceMetric[] {
  return Object.entries(told).map(([name, [title, definition]]) => ({
    name,
    title,
    definition,
    reference: reference?.[name] ?? null,
    current: current?.[name] ?? null,
    estimated: estimated?.[name] ?? null,
  }))
}

const known = (sums: PerformanceSums | null) => (sums && sums.joined > 0 ? sums : null)

/** How a binary classifier does on both sides; `estimated` where truth is missing. */
export function binaryMetrics(
  reference: PerformanceSums | null,
  current: PerformanceSums | null,
  estimated: EstimatedPerformance | null,
): PerformanceMetric[] {
  const of = (sums: PerformanceSums | null) => {
    const found = known(sums)
    return found && { ...binaryPerformance(found.binary) }
  }
  return rows(binary, of(reference), of(current), estimated && { ...estimated })
}

/** How a regression does on both sides. */
export function regressionMetrics(
  reference: PerformanceSums | null,
  current: PerformanceSums | null,
  estimated: Metric | null,
): PerformanceMetric[] {
  const of = (sums: PerformanceSums | null) => {
    const found = known(sums)
    return found && { ...regressionPerformance(found.regression) }
  }
  return rows(regression, of(reference), of(current), estimated && { mae: estimated })
}

/** How a classifier of any number of classes does on both sides. */
export function classMetrics(reference: ConfusionMatrix | null, current: ConfusionMatrix | null): PerformanceMetric[] {
  const of = (matrix: ConfusionMatrix | null): Record<string, Metric> | null => {
    const found = matrix && matrix.size > 0 ? multiClassPerformance(matrix) : null
    if (!found) return null
    if (!found.ok) return { accuracy: found }
    const n = found.accuracy.n
    const alone = (value: number): Metric => ({ ok: true, value, low: Number.NaN, high: Number.NaN, n })
    return {
      accuracy: { ok: true, ...found.accuracy },
      balancedAccuracy: alone(found.balancedAccuracy),
      macroF1: alone(found.macro.f1),
      matthews: alone(found.matthews),
    }
  }
  return rows(classes, of(reference), of(current))
}
