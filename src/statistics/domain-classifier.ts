import { type Auc, auc, scoreBins } from './auc.ts'
import { type BoostingOptions, fitBoosting } from './gradient-boosting.ts'
import { type Measured, tooFewSamples } from './too-few-samples.ts'
import { predictTrees } from './tree-ensemble.ts'

const FOLDS = 5

export interface DomainClassifier extends Auc {
  /** share of the splits on each column, weighted by the rows that passed them; sums to 1, or all 0 without a split */
  columns: number[]
}

/**
 * How well a model tells the current rows from the reference's: AUC of boosted trees on rows of folds they were not
 * fitted on (five, by turns), with DeLong's interval; ½ means no visible difference of any kind, 1 that every row can be
 * told. The interval takes the folds' models as given. Categories are to be numbers (their rank or frequency). Needs
 * `minimum` rows on each side; deterministic for an order of rows.
 */
export function domainClassifier(
  reference: readonly ArrayLike<number>[],
  current: readonly ArrayLike<number>[],
  confidence = 0.95,
  minimum = 50,
  options: BoostingOptions = {},
): Measured<DomainClassifier> {
  const had = Math.min(reference.length, current.length)
  const needed = Math.max(2 * FOLDS, minimum)
  if (had < needed) return tooFewSamples('rows', needed, had)
  const rows = [...reference, ...current]
  const isCurrent = rows.map((_, i) => i >= reference.length)
  const fold = (i: number) => (i < reference.length ? i : i - reference.length) % FOLDS
  const scores = new Array<number>(rows.length).fill(0)
  const weights = Array.from({ length: rows[0]!.length }, () => 0)
  for (let out = 0; out < FOLDS; out++) {
    const kept = rows.map((_, i) => i).filter((i) => fold(i) !== out)
    const model = fitBoosting(
      kept.map((i) => rows[i]!),
      kept.map((i) => (isCurrent[i] ? 1 : 0)),
      { loss: 'logistic', trees: 30, ...options },
    )
    for (const tree of model.trees)
      tree.feature.forEach((feature, node) => {
        if (feature >= 0) weights[feature]! += tree.cover[node]!
      })
    // each fold's own share of the current rows must not order rows of different folds
    rows.forEach((row, i) => {
      if (fold(i) === out) scores[i] = predictTrees(model, row) - model.base
    })
  }
  const all = weights.reduce((a, b) => a + b, 0)
  const found = auc(scoreBins(scores, isCurrent), confidence)
  return found.ok ? { ...found, columns: weights.map((w) => (all > 0 ? w / all : 0)) } : found
}
