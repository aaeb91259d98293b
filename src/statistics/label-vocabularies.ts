import type { ConfusionMatrix } from './confusion-matrix.ts'

export interface LabelVocabularies {
  predicted: string[]
  actual: string[]
  rows: number
  /** rows whose actual class is never predicted */
  foreign: number
}

/** The words of predictions and of actuals, most frequent first; undefined where there are no classes. */
export function labelVocabularies(confusion: ConfusionMatrix | undefined): LabelVocabularies | undefined {
  const predicted = new Map<string, number>()
  const actual = new Map<string, number>()
  for (const [is, row] of confusion ?? [])
    for (const [said, n] of row) {
      predicted.set(said, (predicted.get(said) ?? 0) + n)
      actual.set(is, (actual.get(is) ?? 0) + n)
    }
  if (predicted.size === 0) return undefined
  const words = (counts: Map<string, number>) => [...counts].sort((a, b) => b[1] - a[1]).map(([word]) => word)
  const rows = [...actual.values()].reduce((a, b) => a + b, 0)
  const foreign = [...actual].reduce((sum, [word, n]) => sum + (predicted.has(word) ? 0 : n), 0)
  return { predicted: words(predicted), actual: words(actual), rows, foreign }
}

/** Whether predictions and actuals name their classes in other words: then none was right, and that means nothing. */
export function speakDifferently(confusion: ConfusionMatrix | undefined): boolean {
  const found = labelVocabularies(confusion)
  return found !== undefined && found.foreign === found.rows
}
