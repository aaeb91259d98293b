import { auc, scoreBins } from './auc.ts'
import { type ConfusionMatrix, classCounts } from './confusion-matrix.ts'
import { type PrecisionRecall, precisionRecall } from './f-score.ts'
import { meanEstimate, momentsOf } from './moments.ts'
import { wilsonInterval } from './proportions-test.ts'
import { type Estimate, type Measured, tooFewSamples } from './too-few-samples.ts'

interface Averages {
  precision: number
  recall: number
  f1: number
}

export interface MultiClassPerformance {
  /** share of rows rightly classified, Wilson's interval */
  accuracy: Estimate
  /** mean recall of the classes that occur in the truth */
  balancedAccuracy: number
  /** agreement beyond chance (Cohen 1960); NaN where chance alone agrees everywhere */
  kappa: number
  /** Matthews' correlation for any number of classes (Gorodkin 2004); 0 where a side has one class */
  matthews: number
  /** plain mean over classes; mean weighted by the rows of each class */
  macro: Averages
  weighted: Averages
  classes: ({ name: string; rows: number } & PrecisionRecall)[]
}

/** What a confusion matrix tells, by scikit-learn's definitions with zero_division=0. Needs `minimum` rows. */
export function multiClassPerformance(
  matrix: ConfusionMatrix,
  confidence = 0.95,
  minimum = 30,
): Measured<MultiClassPerformance> {
  const counts = [...classCounts(matrix)]
  const n = counts.reduce((sum, [, c]) => sum + c.actual, 0)
  if (n < Math.max(1, minimum)) return tooFewSamples('rows', Math.max(1, minimum), n)
  const right = counts.reduce((sum, [, c]) => sum + c.right, 0)
  const classes = counts.map(([name, c]) => ({
    name,
    rows: c.actual,
    ...precisionRecall({ right: c.right, wrong: c.predicted - c.right, missed: c.actual - c.right }, confidence),
  }))
  const averages = (weight: (rows: number) => number): Averages => {
    const all = classes.reduce((sum, c) => sum + weight(c.rows), 0)
    const mean = (of: keyof PrecisionRecall) => classes.reduce((sum, c) => sum + weight(c.rows) * c[of].value, 0) / all
    return { precision: mean('precision'), recall: mean('recall'), f1: mean('f1') }
  }
  const there = classes.filter((c) => c.rows > 0)
  const chance = counts.reduce((sum, [, c]) => sum + (c.actual / n) * (c.predicted / n), 0)
  const uneven = (of: 'actual' | 'predicted') => n * n - counts.reduce((sum, [, c]) => sum + c[of] ** 2, 0)
  const spread = Math.sqrt(uneven('actual')) * Math.sqrt(uneven('predicted'))
  return {
    ok: true,
    accuracy: { value: right / n, ...wilsonInterval({ successes: right, n }, confidence), n },
    balancedAccuracy: there.reduce((sum, c) => sum + c.recall.value, 0) / there.length,
    kappa: (right / n - chance) / (1 - chance),
    matthews: spread > 0 ? (right * n - chance * n * n) / spread : 0,
    macro: averages(() => 1),
    weighted: averages((rows) => rows),
    classes,
  }
}

export interface MultiClassScores {
  /** mean −ln of the probability given to what happened (clipped to [2⁻⁵², 1]), Student's interval */
  logLoss: Measured<Estimate>
  /** mean of Σ (p − y)² over classes, 0 to 2 (Brier 1950), Student's interval */
  brier: Measured<Estimate>
  /** mean over classes of the AUC of the class against the others; classes with fewer than `minimumOfClass` rows are left out */
  auc: Measured<{ value: number; classes: { name: string; value: number; low: number; high: number }[] }>
}

/** What probabilities over classes tell: `scores[i][k]` belongs to `classes[k]`, rows sum to 1. */
export function multiClassScores(
  classes: readonly string[],
  scores: readonly (readonly number[])[],
  actuals: readonly string[],
  confidence = 0.95,
  minimum = 30,
  minimumOfClass = 10,
): MultiClassScores {
  const places = new Map(classes.map((name, k) => [name, k]))
  const clip = 2 ** -52
  const given = scores.map((row, i) => row[places.get(actuals[i]!) ?? -1] ?? 0)
  const brier = scores.map((row, i) =>
    row.reduce((sum, p, k) => sum + (p - (places.get(actuals[i]!) === k ? 1 : 0)) ** 2, 0),
  )
  const curves = classes.flatMap((name, k) => {
    const bins = scoreBins(
      scores.map((row) => row[k]!),
      actuals.map((a) => a === name),
    )
    const found = auc(bins, confidence, minimumOfClass)
    return found.ok ? [{ name, value: found.value, low: found.low, high: found.high }] : []
  })
  return {
    logLoss: meanEstimate(momentsOf(given.map((p) => -Math.log(Math.max(clip, p)))), confidence, minimum),
    brier: meanEstimate(momentsOf(brier), confidence, minimum),
    auc:
      curves.length > 0
        ? { ok: true, value: curves.reduce((sum, c) => sum + c.value, 0) / curves.length, classes: curves }
        : tooFewSamples(`classes with ${minimumOfClass} rows`, 1, 0),
  }
}
