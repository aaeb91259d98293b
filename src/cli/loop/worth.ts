import { aucDifference } from '../../statistics/auc-difference.ts'
import { brier } from '../../statistics/brier.ts'
import { logLoss } from '../../statistics/log-loss.ts'
import { pairedDifference } from '../../statistics/paired-difference.ts'
import type { Pair } from './recorded-pairs.ts'
import { day, dayText } from './replay-days.ts'

/** A measure with and without retraining; `difference` = retrained − never, with its 95 % interval. */
export interface WorthMeasure {
  retrained: number
  never: number
  difference: number
  low: number
  high: number
  p: number
}

export interface Worth {
  from: string | null
  to: string | null
  rows: number
  /** smaller is better */
  logLoss: WorthMeasure | null
  brier: WorthMeasure | null
  /** larger is better */
  auc: WorthMeasure | null
}

/** Whether retraining was worth it: what callers got against the first version on the same flights. Null with too few. */
export function worthOf(pairs: readonly Pair[]): Worth {
  const late = pairs.map((pair) => pair.late)
  const loss = (measure: (score: number, actual: boolean) => number): WorthMeasure | null => {
    const never = pairs.map((pair) => measure(pair.never, pair.late))
    const retrained = pairs.map((pair) => measure(pair.answered, pair.late))
    const found = pairedDifference(never, retrained)
    return found.ok
      ? {
          retrained: mean(retrained),
          never: mean(never),
          difference: found.value,
          low: found.low,
          high: found.high,
          p: found.p,
        }
      : null
  }
  const area = aucDifference(
    pairs.map((pair) => pair.never),
    pairs.map((pair) => pair.answered),
    late,
  )
  return {
    from: pairs[0] ? dayText(pairs[0].time) : null,
    to: pairs.length > 0 ? dayText(pairs.at(-1)!.time) : null,
    rows: pairs.length,
    logLoss: loss(logLoss),
    brier: loss(brier),
    auc: area.ok
      ? {
          retrained: area.challenger,
          never: area.champion,
          difference: area.value,
          low: area.low,
          high: area.high,
          p: area.p,
        }
      : null,
  }
}

/** The same for each week. */
export function weeklyWorth(pairs: readonly Pair[]): { week: string; worth: Worth; lateShare: number }[] {
  const weeks = new Map<number, Pair[]>()
  for (const pair of pairs) {
    const start = Math.floor((pair.time - monday) / (7 * day)) * 7 * day + monday
    weeks.set(start, [...(weeks.get(start) ?? []), pair])
  }
  return [...weeks]
    .sort(([a], [b]) => a - b)
    .map(([start, some]) => ({
      week: dayText(start),
      worth: worthOf(some),
      lateShare: mean(some.map(({ late }) => (late ? 1 : 0))),
    }))
}

/** 1970-01-05 was a Monday. */
const monday = 4 * day
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
