import type { MonitorScore, MonitorSettings, ReferenceView, WindowView } from '../../../contracts/monitor-kind.ts'
import { correlationChange } from '../../../statistics/correlation-change.ts'
import { duplicateRows } from '../../../statistics/duplicate-rows.ts'
import { sampleColumns } from '../../../statistics/sample-columns.ts'
import { blank, judged } from './blank-score.ts'

/** What only rows tell: repeated rows, and pairs of features that no longer go together. They explain. */
export function rowScores(window: WindowView, reference: ReferenceView, settings: MonitorSettings): MonitorScore[] {
  const { sample } = window
  const past = reference.sample
  if (!sample || !past || sample.length < settings.minRows || past.length < settings.minRows) return []
  const columns = sampleColumns(reference.whole, (name) => settings.features?.includes(name) ?? true, 20)
  const n = Math.min(sample.length, past.length)
  const scores: MonitorScore[] = []
  const repeated = duplicateRows(past, sample)
  scores.push(
    judged(
      {
        ...blank('quality.duplicates', '', n),
        value: repeated.value,
        low: repeated.low,
        high: repeated.high,
        thresholdHigh: repeated.limit,
        state: repeated.value > repeated.limit ? 'watch' : 'ok',
        definition: {
          metric: 'duplicates',
          formula: 'share of a sample’s rows whose features are those of another row of it',
          reference: reference.scope,
          ofReference: repeated.reference,
          threshold: { method: 'that of as many rows of the reference + 0.02 + 4 standard errors' },
        },
      },
      settings,
    ),
  )
  const moved = correlationChange(past.map(columns.encode), sample.map(columns.encode))
  if (moved.ok)
    scores.push(
      judged(
        {
          ...blank('quality.correlation', '', sample.length),
          value: moved.value,
          state: moved.p < settings.alpha && moved.value > 0.1 ? 'watch' : 'ok',
          definition: {
            metric: 'correlation',
            formula:
              'largest change of the rank correlation (Spearman) of two features; Fisher’s z, Bonferroni over the pairs',
            pair: moved.pair.map((i) => columns.names[i]),
            before: moved.reference,
            now: moved.current,
            pairs: moved.pairs,
            chance: moved.p,
            reference: reference.scope,
          },
        },
        settings,
      ),
    )
  return scores
}
