import type { Task } from '../contracts/monitor-kind.ts'
import { mergeSlices } from '../statistics/slice.ts'
import type { Estimate } from '../statistics/too-few-samples.ts'
import type { DaySlice } from './day-slices.ts'
import { day } from './event-day.ts'
import { performanceMetrics } from './views/performance-metrics.ts'

export interface PerformancePoint {
  revision: number
  start: number
  end: number
  predictions: number
  /** those that answered callers, so not in shadow */
  live: number
  actuals: number
  positives: number | null
  meanScore: number | null
  metrics: Record<string, Estimate | null>
}

/** Performance of each revision in steps of `stepDays` days, counted from the first day at hand; 95 % intervals. */
export function performanceHistory(days: readonly DaySlice[], task: Task, stepDays: number): PerformancePoint[] {
  const first = days.reduce((least, found) => Math.min(least, found.day), Infinity)
  const groups = new Map<string, DaySlice[]>()
  for (const found of days) {
    const step = Math.floor((found.day - first) / (stepDays * day))
    const key = `${found.revision}/${step}`
    groups.set(key, [...(groups.get(key) ?? []), found])
  }
  return [...groups]
    .map(([key, found]) => {
      const start = first + Number(key.split('/')[1]) * stepDays * day
      const slice = mergeSlices(found.map((d) => d.slice))
      const { binary, joined } = slice.performance
      const n = binary.brier.n
      return {
        revision: found[0]!.revision,
        start,
        end: start + stepDays * day,
        predictions: slice.rows,
        live: slice.live,
        actuals: joined,
        positives: task === 'binary' && n > 0 ? binary.positives / n : null,
        meanScore: task === 'binary' && n > 0 ? binary.scoreSum / n : null,
        metrics: performanceMetrics(slice.performance, task),
      }
    })
    .sort((a, b) => a.start - b.start || a.revision - b.revision)
}
