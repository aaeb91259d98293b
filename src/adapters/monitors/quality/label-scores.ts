import type { MonitorScore, MonitorSettings, WindowView } from '../../../contracts/monitor-kind.ts'
import { labelVocabularies } from '../../../statistics/label-vocabularies.ts'
import { blank, judged } from './blank-score.ts'

/** Words that a finding names of each side. */
const MOST_WORDS = 20

/** Predictions and actuals that name their classes in other words cannot be compared: nothing is right, and that means nothing. */
export function labelScores({ slice }: WindowView, settings: MonitorSettings): MonitorScore[] {
  const { confusion, binary } = slice.performance
  const found = labelVocabularies(confusion)
  if (!found || found.rows < settings.minRows) return []
  const { predicted, actual, rows, foreign } = found
  // where scores are judged by numbers, words do not matter
  const judgedByWords = binary.brier.n === 0
  const different = judgedByWords && foreign === rows
  return [
    judged(
      {
        ...blank('quality.labels', '', rows),
        value: judgedByWords ? foreign / rows : 0,
        thresholdHigh: 0.999,
        state: different ? 'violation' : 'ok',
        definition: {
          metric: 'labels',
          formula:
            'share of rows whose actual class no prediction has; all of them: the classes are named in other words. 0 where scores are judged by numbers',
          predicted: predicted.slice(0, MOST_WORDS),
          actual: actual.slice(0, MOST_WORDS),
          ...(different
            ? {
                todo: `declare in the monitors’ settings what means the same, as labels: { ${JSON.stringify(actual[0])}: ${JSON.stringify(predicted[0])} }`,
              }
            : {}),
          threshold: { method: 'no class in common' },
        },
      },
      settings,
    ),
  ]
}
