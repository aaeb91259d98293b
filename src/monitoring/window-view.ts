import type { ReferenceView, Task } from '../contracts/monitor-kind.ts'
import { speakDifferently } from '../statistics/label-vocabularies.ts'
import { mergeSlices, type Slice } from '../statistics/slice.ts'
import type { DaySlice } from './day-slices.ts'
import { day } from './event-day.ts'

/**
 * Multi-class when classes are predicted and there are more than two of them or they have no probability; binary when every
 * score with a known actual is a probability and every actual 0 or 1; so too before any actual. Actuals in other words than the
 * predictions tell nothing of it.
 */
export function taskOf(slice: Slice): Task {
  const { binary, regression, confusion = new Map() } = slice.performance
  const classes = new Set([...confusion.keys(), ...(slice.features.get('$label')?.categories.keys() ?? [])])
  if (binary.brier.n === 0 && speakDifferently(confusion)) return scoresTask(slice)
  if (classes.size > 2 || (confusion.size > 0 && binary.brier.n === 0)) return 'multiclass'
  if (regression.error.n > 0) return binary.brier.n === regression.error.n ? 'binary' : 'regression'
  return scoresTask(slice)
}

function scoresTask(slice: Slice): Task {
  const score = slice.features.get('$score')
  return score && (score.minimum < 0 || score.maximum > 1) ? 'regression' : 'binary'
}

const FIRST_DAYS = 28

/** The reference of a revision whose model has none: its own first 28 days, once the window lies behind them. */
export function ownReference(
  days: readonly DaySlice[],
  revision: number,
  endpoint: string,
  windowStart: number,
): ReferenceView | undefined {
  const own = days.filter((found) => found.revision === revision && found.slice.rows > 0).slice(0, FIRST_DAYS)
  const before = own.filter((found) => found.day < windowStart)
  if (before.length < Math.min(7, own.length) || before.length < 7) return undefined
  const slices = before.map((found) => found.slice)
  return {
    scope: `endpoint/${endpoint}, its first ${before.length} days`,
    days: slices,
    whole: mergeSlices(slices),
    rows: { scope: `endpoint/${endpoint}`, revision, from: before[0]!.day, to: before.at(-1)!.day + day },
  }
}
