import type { ReferenceView } from '../../contracts/monitor-kind.ts'
import { mergeSlices, type Slice } from '../../statistics/slice.ts'
import type { DaySlice } from '../day-slices.ts'
import { day, dayText, hour } from '../event-day.ts'
import type { Bounds } from './window-bounds.ts'

/** Fewer chunks than this calibrate nothing. */
const LEAST_CHUNKS = 8

const notEmpty = (slices: readonly Slice[]) => slices.filter((slice) => slice.rows > 0)

/** A reference out of slices in time order. */
export function referenceView(scope: string, slices: readonly Slice[]): ReferenceView | undefined {
  const days = notEmpty(slices)
  return days.length > 0 ? { scope, days, whole: mergeSlices(days) } : undefined
}

/** The parts of a stretch as a reference. */
export const stretchReference = (scope: string, parts: readonly DaySlice[], { start, end }: Bounds) =>
  referenceView(
    `${scope}, ${dayText(start)} to ${dayText(end)}`,
    parts.filter((part) => part.day >= start && part.day < end).map((part) => part.slice),
  )

/** The same with where its rows are sampled. */
export const withRows = (
  view: ReferenceView | undefined,
  rows: NonNullable<ReferenceView['rows']>,
): ReferenceView | undefined => view && { ...view, rows }

/** The window's own hours and weekday in the weeks before it. */
export const weekdayReference = (scope: string, parts: readonly DaySlice[], window: Bounds, weeks: number) =>
  referenceView(
    `${scope}, the same hours of the ${weeks} weeks before`,
    Array.from({ length: weeks }, (_, i) => (weeks - i) * 7 * day).flatMap((back) => {
      const inside = parts.filter((part) => part.day >= window.start - back && part.day < window.end - back)
      return inside.length > 0 ? [mergeSlices(inside.map((part) => part.slice))] : []
    }),
  )

const weekdayOf = (start: number) => (Math.floor(start / day) + 3) % 7

/**
 * A reference in season for a window that is no longer than a day: chunks of the same hours of its days, and of them those of
 * the same weekday, or where there are too few of those, of working days or of weekends. A night is not held against days, nor
 * is a Sunday, and limits are those of such chunks. `hours` are the hours of the reference, or its days where the window is one.
 */
export function seasonalReference(
  { scope, rows }: ReferenceView,
  hours: readonly DaySlice[],
  window: Bounds,
): ReferenceView | undefined {
  const length = window.end - window.start
  if (length > day) return undefined
  const offset = window.start % day
  const chunks = new Map<number, Slice[]>()
  for (const part of hours) {
    const own = (part.day - offset) % day
    const since = own < 0 ? own + day : own
    if (since >= length) continue
    const start = part.day - since
    const found = chunks.get(start)
    if (found) found.push(part.slice)
    else chunks.set(start, [part.slice])
  }
  const all = [...chunks].sort((a, b) => a[0] - b[0]).map(([start, slices]) => ({ start, slice: mergeSlices(slices) }))
  const weekday = weekdayOf(window.start)
  const weekend = (d: number) => d >= 5
  const classes: [string, (start: number) => boolean][] = [
    ['the same weekday', (start) => weekdayOf(start) === weekday],
    [weekend(weekday) ? 'weekends' : 'working days', (start) => weekend(weekdayOf(start)) === weekend(weekday)],
    ['all days', () => true],
  ]
  const ofHours = length < day ? `${length / hour} h from ${offset / hour}:00 UTC, ` : ''
  for (const [name, belongs] of classes) {
    const found = notEmpty(all.filter(({ start }) => belongs(start)).map(({ slice }) => slice))
    if (found.length < LEAST_CHUNKS) continue
    const view = referenceView(`${scope}, ${ofHours}${name}`, found)
    const when = (hour: number) => {
      const since = (((hour - offset) % day) + day) % day
      return since < length && belongs(hour - since)
    }
    return rows ? withRows(view, { ...rows, when }) : view
  }
  return undefined
}
