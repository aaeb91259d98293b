import type { MonitorScore, MonitorSettings, ReferenceView, WindowView } from '../../../contracts/monitor-kind.ts'
import { blank } from './blank-score.ts'

/** A feature that would have been in so many rows and is in none is gone. */
const SURELY_THERE = 20

export function schemaScore(window: WindowView, reference: ReferenceView, settings: MonitorSettings): MonitorScore {
  const { slice } = window
  const watched = (name: string) => !name.startsWith('$') && (settings.features?.includes(name) ?? true)
  const gone = [...reference.whole.features].filter(
    ([name, { count }]) =>
      watched(name) &&
      (slice.features.get(name)?.count ?? 0) === 0 &&
      (count / Math.max(1, reference.whole.rows)) * slice.rows >= SURELY_THERE,
  )
  const added = [...slice.features].filter(
    ([name, { count }]) => watched(name) && !reference.whole.features.has(name) && count >= 0.01 * slice.rows,
  )
  return {
    ...blank('quality.schema', '', slice.rows),
    value: gone.length + added.length,
    thresholdHigh: 0,
    // a feature that the model does not know harms nothing by itself
    state: gone.length > 0 ? 'violation' : added.length > 0 ? 'watch' : 'ok',
    definition: {
      metric: 'schema',
      formula: 'features of the reference that no row has, and features that the reference has not',
      reference: reference.scope,
      gone: gone.map(([name]) => name),
      added: added.map(([name]) => name),
      threshold: { method: 'a feature that is gone violates' },
    },
  }
}
