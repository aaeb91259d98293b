import { type Found, type PrecisionRecall, precisionRecall } from './f-score.ts'
import { meanEstimate, momentsOf } from './moments.ts'
import { type Estimate, type Measured, tooFewSamples } from './too-few-samples.ts'

export interface MultiLabelPerformance {
  /** share of rows with exactly the right set of labels */
  subsetAccuracy: Measured<Estimate>
  /** share of (row, label) that are wrong */
  hammingLoss: Measured<Estimate>
  /** mean over rows of |found ∩ there| / |found ∪ there|; 1 for two empty sets */
  jaccard: Measured<Estimate>
  /** mean over rows of the row's F1; 1 for two empty sets */
  f1OfRows: Measured<Estimate>
  /** over all (row, label) */
  micro: PrecisionRecall
  /** mean of the labels' F1 */
  macroF1: number
  labels: ({ name: string } & PrecisionRecall)[]
}

/** Rows with a set of labels each. Student's intervals over rows, Wilson's and the delta method over labels. */
export function multiLabelPerformance(
  labels: readonly string[],
  predictions: readonly ReadonlySet<string>[],
  actuals: readonly ReadonlySet<string>[],
  confidence = 0.95,
  minimum = 30,
): Measured<MultiLabelPerformance> {
  const n = predictions.length
  if (n < Math.max(1, minimum)) return tooFewSamples('rows', Math.max(1, minimum), n)
  if (labels.length < 1) return tooFewSamples('labels', 1, 0)
  const byLabel = new Map<string, Found>(labels.map((name) => [name, { right: 0, wrong: 0, missed: 0 }]))
  const rows = predictions.map((found, i) => {
    const there = actuals[i]!
    const row: Found = { right: 0, wrong: 0, missed: 0 }
    for (const [name, count] of byLabel) {
      const what = found.has(name) ? (there.has(name) ? 'right' : 'wrong') : there.has(name) ? 'missed' : undefined
      if (!what) continue
      row[what]++
      count[what]++
    }
    return row
  })
  const mean = (of: (row: Found) => number) => meanEstimate(momentsOf(rows.map(of)), confidence)
  const union = (row: Found) => row.right + row.wrong + row.missed
  const all: Found = { right: 0, wrong: 0, missed: 0 }
  for (const count of byLabel.values()) for (const key of ['right', 'wrong', 'missed'] as const) all[key] += count[key]
  const ofLabels = [...byLabel].map(([name, count]) => ({ name, ...precisionRecall(count, confidence) }))
  return {
    ok: true,
    subsetAccuracy: mean((row) => (row.wrong + row.missed === 0 ? 1 : 0)),
    hammingLoss: mean((row) => (row.wrong + row.missed) / labels.length),
    jaccard: mean((row) => (union(row) > 0 ? row.right / union(row) : 1)),
    f1OfRows: mean((row) => (union(row) > 0 ? (2 * row.right) / (row.right + union(row)) : 1)),
    micro: precisionRecall(all, confidence),
    macroF1: ofLabels.reduce((sum, label) => sum + label.f1.value, 0) / ofLabels.length,
    labels: ofLabels,
  }
}
