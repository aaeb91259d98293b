import { day, hour, hourOf } from '../event-day.ts'
import type { CalendarUnit, WindowSpec } from './window-spec.ts'
import { zoneDate, zoneMidnight } from './zone-time.ts'

/** Milliseconds since 1970 on full hours; the end is exclusive. */
export interface Bounds {
  start: number
  end: number
}

export interface WindowPlan {
  windows: Bounds[]
  /** ascending starts of the parts that windows are merged from, and the end of the last: days, or hours where days do not do */
  parts: number[]
}

/** Profiles are kept by the hour; where a zone is off by less, its midnight is the hour before. */
const midnight = (zone: string, year: number, month: number, date: number) =>
  hourOf(zoneMidnight(zone, year, month, date))

function unitStart(unit: CalendarUnit, zone: string, time: number, steps: number): number {
  const { year, month, day: date, weekday } = zoneDate(zone, time)
  if (unit === 'month') return midnight(zone, year, month + steps, 1)
  if (unit === 'week') return midnight(zone, year, month, date - weekday + 7 * steps)
  return midnight(zone, year, month, date + steps)
}

/** Every window of the kind that ends in (from, to], in order, at most `most` of them: the last. Counting windows need `rows`. */
export function planWindows(
  spec: WindowSpec,
  { from, to, most, rows = [] }: { from: number; to: number; most: number; rows?: readonly HourCount[] },
): WindowPlan {
  if (spec.kind === 'count') return byCount(rows, spec.rows, most)
  if (spec.kind === 'calendar') return byCalendar(spec, from, to, most)
  const unit = spec.length % day === 0 && spec.step % day === 0 ? day : hour
  const last = Math.floor(to / spec.step) * spec.step
  const windows: Bounds[] = []
  for (let end = last; end > from && windows.length < most; end -= spec.step)
    windows.unshift({ start: end - spec.length, end })
  return { windows, parts: steps(windows, unit) }
}

function steps(windows: readonly Bounds[], unit: number): number[] {
  if (windows.length === 0) return []
  const first = windows[0]!.start
  const count = Math.round((windows.at(-1)!.end - first) / unit)
  return Array.from({ length: count + 1 }, (_, i) => first + i * unit)
}

/** Windows that count look back no further. */
const FURTHEST = 31 * day

/** The ends of every window that holds one of these hours (counting windows: of every one that may). */
export function endsHolding(spec: WindowSpec, hours: Iterable<number>): Set<number> {
  const ends = new Set<number>()
  for (const at of hours) {
    if (spec.kind === 'calendar') ends.add(unitStart(spec.unit, spec.zone, at, 1))
    else {
      const [step, reach] = spec.kind === 'count' ? [day, FURTHEST] : [spec.step, spec.length]
      for (let end = (Math.floor(at / step) + 1) * step; end - reach <= at; end += step) ends.add(end)
    }
  }
  return ends
}

/** The windows that end there. Counting windows need `rows`: the hours up to their ends. */
export function windowsEnding(spec: WindowSpec, ends: readonly number[], rows: readonly HourCount[] = []): WindowPlan {
  const windows = [...ends].sort((a, b) => a - b).map((end): Bounds => ({ start: startOf(spec, end, rows), end }))
  const parts = new Set<number>()
  if (spec.kind === 'rolling') {
    const unit = spec.length % day === 0 && spec.step % day === 0 ? day : hour
    for (const { start, end } of windows) for (let at = start; at <= end; at += unit) parts.add(at)
  } else
    for (const { start, end } of windows) {
      const zone = spec.kind === 'calendar' ? spec.zone : 'UTC'
      for (let at = start; at < end; at = unitStart('day', zone, at + hour, 1)) parts.add(at)
      parts.add(end)
    }
  return { windows, parts: [...parts].sort((a, b) => a - b) }
}

function startOf(spec: WindowSpec, end: number, rows: readonly HourCount[]): number {
  if (spec.kind === 'rolling') return end - spec.length
  if (spec.kind === 'calendar') return unitStart(spec.unit, spec.zone, end - 1, 0)
  let seen = 0
  for (let i = rows.length - 1; i >= 0; i--) {
    const at = rows[i]!.hour
    if (at >= end) continue
    if (at < end - FURTHEST) break
    seen += rows[i]!.rows
    if (seen >= spec.rows) return at
  }
  return end - FURTHEST
}

function byCalendar(
  spec: Extract<WindowSpec, { kind: 'calendar' }>,
  from: number,
  to: number,
  most: number,
): WindowPlan {
  const windows: Bounds[] = []
  let end = unitStart(spec.unit, spec.zone, to, 0)
  while (end > from && windows.length < most) {
    const start = unitStart(spec.unit, spec.zone, end - 1, 0)
    windows.unshift({ start, end })
    end = start
  }
  const parts: number[] = []
  if (windows.length > 0)
    for (let at = windows[0]!.start; at < windows.at(-1)!.end; at = unitStart('day', spec.zone, at + hour, 1))
      parts.push(at)
  return { windows, parts: windows.length > 0 ? [...parts, windows.at(-1)!.end] : [] }
}

export interface HourCount {
  hour: number
  rows: number
}

/** From the newest backwards, so that the last window is full; what is left over at the old end is no window. */
function byCount(hours: readonly HourCount[], rows: number, most: number): WindowPlan {
  const windows: Bounds[] = []
  const parts = new Set<number>()
  let seen = 0
  let end: number | undefined
  for (let i = hours.length - 1; i >= 0 && windows.length < most; i--) {
    end ??= hours[i]!.hour + hour
    seen += hours[i]!.rows
    if (seen < rows) continue
    windows.unshift({ start: hours[i]!.hour, end })
    end = undefined
    seen = 0
  }
  // days where they lie within a window, so that a long window is not made of thousands of parts
  for (const window of windows) {
    parts.add(window.start)
    for (let at = Math.ceil(window.start / day) * day; at < window.end; at += day) parts.add(at)
    parts.add(window.end)
  }
  return { windows, parts: [...parts].sort((a, b) => a - b) }
}
