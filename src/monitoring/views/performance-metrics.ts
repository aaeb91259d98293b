import type { Task } from '../../contracts/monitor-kind.ts'
import { binaryPerformance, binsOfSketches } from '../../statistics/binary-performance.ts'
import { precisionRecall } from '../../statistics/f-score.ts'
import { multiClassPerformance } from '../../statistics/multi-class-performance.ts'
import { wilsonInterval } from '../../statistics/proportions-test.ts'
import { regressionPerformance } from '../../statistics/regression-performance.ts'
import type { PerformanceSums } from '../../statistics/slice.ts'
import { areaUnderPrecisionRecall, atThreshold, confusionAtThresholds } from '../../statistics/threshold-curves.ts'
import type { Estimate, Measured } from '../../statistics/too-few-samples.ts'

export interface MetricInfo {
  name: string
  title: string
  unit: string
  formula: string
  better: 'higher' | 'lower' | 'neither'
}

const info = (name: string, title: string, better: MetricInfo['better'], formula: string): MetricInfo => ({
  name,
  title,
  unit: '',
  formula,
  better,
})

const atTheThreshold = 'at the endpoint’s threshold'

export const metricInfos: Record<Task, MetricInfo[]> = {
  binary: [
    info('log_loss', 'Log loss', 'lower', 'mean of −ln of the probability given to what happened; Student’s interval'),
    info('brier', 'Brier score', 'lower', 'mean squared error of the probability; Student’s interval'),
    info('auc', 'AUC', 'higher', 'area under the ROC curve, ties half; DeLong on the logit'),
    info('average_precision', 'Average precision', 'higher', 'Σ recall gained · precision'),
    info('calibration', 'Calibration in the large', 'neither', 'mean actual − mean score; Cox'),
    info('accuracy', 'Accuracy', 'higher', `share rightly classified ${atTheThreshold}; Wilson`),
    info('precision', 'Precision', 'higher', `true among predicted positives ${atTheThreshold}; Wilson`),
    info('recall', 'Recall', 'higher', `positives that were found ${atTheThreshold}; Wilson`),
    info('specificity', 'Specificity', 'higher', `negatives rightly rejected ${atTheThreshold}; Wilson`),
    info('f1', 'F1', 'higher', `2 · precision · recall / (precision + recall) ${atTheThreshold}; delta method`),
    info('matthews', 'Matthews’ correlation', 'higher', `of prediction and actual ${atTheThreshold}`),
  ],
  multiclass: [
    info('accuracy', 'Accuracy', 'higher', 'share rightly classified; Wilson'),
    info('balanced_accuracy', 'Balanced accuracy', 'higher', 'mean recall of the classes that occur'),
    info('macro_f1', 'Macro F1', 'higher', 'plain mean of the classes’ F1'),
    info('weighted_f1', 'Weighted F1', 'higher', 'mean of the classes’ F1 weighted by their rows'),
    info('macro_precision', 'Macro precision', 'higher', 'plain mean of the classes’ precision'),
    info('macro_recall', 'Macro recall', 'higher', 'plain mean of the classes’ recall'),
    info('kappa', 'Cohen’s kappa', 'higher', 'agreement beyond chance'),
    info('matthews', 'Matthews’ correlation', 'higher', 'of prediction and actual, any number of classes'),
  ],
  regression: [
    info('mae', 'Mean absolute error', 'lower', 'mean |prediction − actual|; Student’s interval'),
    info('rmse', 'Root mean squared error', 'lower', '√ mean (prediction − actual)²'),
    info('mse', 'Mean squared error', 'lower', 'mean (prediction − actual)²; Student’s interval'),
    info('bias', 'Mean error', 'neither', 'mean of prediction − actual; Student’s interval'),
  ],
}

const estimate = (measured: Measured<Estimate>): Estimate | null =>
  measured.ok ? { value: measured.value, low: measured.low, high: measured.high, n: measured.n } : null

/** A value whose interval nobody has worked out: it stands for itself. */
const bare = (value: number, n: number): Estimate | null =>
  Number.isFinite(value) ? { value, low: value, high: value, n } : null

/** Every metric of the task; null with too few samples. */
export function performanceMetrics(sums: PerformanceSums, task: Task, minimum = 30): Record<string, Estimate | null> {
  if (task === 'regression') {
    const found = regressionPerformance(sums.regression, 0.95, minimum)
    return {
      mae: estimate(found.mae),
      rmse: estimate(found.rmse),
      mse: estimate(found.mse),
      bias: estimate(found.bias),
    }
  }
  if (task === 'multiclass') {
    const found = multiClassPerformance(sums.confusion ?? new Map(), 0.95, minimum)
    if (!found.ok) return Object.fromEntries(metricInfos.multiclass.map(({ name }) => [name, null]))
    const { n } = found.accuracy
    return {
      accuracy: found.accuracy,
      balanced_accuracy: bare(found.balancedAccuracy, n),
      macro_f1: bare(found.macro.f1, n),
      weighted_f1: bare(found.weighted.f1, n),
      macro_precision: bare(found.macro.precision, n),
      macro_recall: bare(found.macro.recall, n),
      kappa: bare(found.kappa, n),
      matthews: bare(found.matthews, n),
    }
  }
  const { binary } = sums
  const found = binaryPerformance(binary, 0.95, minimum)
  const n = binary.brier.n
  const curve = confusionAtThresholds(binsOfSketches(binary.positiveScores, binary.negativeScores))
  const negatives = n - binary.positives
  const trueNegatives = negatives - binary.falsePositives
  const there = n >= minimum
  const rates = precisionRecall({
    right: binary.truePositives,
    wrong: binary.falsePositives,
    missed: binary.positives - binary.truePositives,
  })
  return {
    log_loss: estimate(found.logLoss),
    brier: estimate(found.brier),
    auc: estimate(found.auc),
    average_precision: there && curve.ok ? bare(areaUnderPrecisionRecall(curve.points), n) : null,
    calibration: estimate(found.calibration),
    accuracy: estimate(found.accuracy),
    precision: there && rates.precision.n > 0 ? rates.precision : null,
    recall: there && rates.recall.n > 0 ? rates.recall : null,
    specificity:
      there && negatives > 0
        ? {
            value: trueNegatives / negatives,
            ...wilsonInterval({ successes: trueNegatives, n: negatives }),
            n: negatives,
          }
        : null,
    f1: there && rates.f1.n > 0 ? rates.f1 : null,
    matthews: there
      ? bare(
          atThreshold({
            threshold: 0,
            truePositives: binary.truePositives,
            falsePositives: binary.falsePositives,
            falseNegatives: binary.positives - binary.truePositives,
            trueNegatives,
          }).matthews,
          n,
        )
      : null,
  }
}
