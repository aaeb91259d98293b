import { KedgeError } from '../../errors.ts'
import { day, hour } from '../event-day.ts'
import { checkZone } from './zone-time.ts'

/** What a window is. Bounds lie on full hours: that is how finely profiles are kept. */
export type WindowSpec =
  | { kind: 'rolling'; length: number; step: number }
  | { kind: 'calendar'; unit: CalendarUnit; zone: string }
  /** consecutive hours that hold at least so many rows */
  | { kind: 'count'; rows: number }

export type CalendarUnit = 'day' | 'week' | 'month'

const units: Record<string, number> = { h: hour, d: day, w: 7 * day }

function durationOf(text: string, what: string): number {
  const found = /^(\d{1,4})([hdw])$/.exec(text)
  const length = found ? Number(found[1]) * units[found[2]!]! : 0
  if (length >= hour && length <= 366 * day) return length
  throw new KedgeError('invalid_input', {
    what: `${what} is "${text}", not a number of hours, days or weeks as 6h, 7d, 2w (at most 366 days)`,
  })
}

/**
 * `7d`, `6h`, `2w`: rolling, every `step` (a day when absent, or the window itself when it is shorter); `day`, `week`
 * (from Monday), `month`: of the calendar of `zone`; `1000rows`: by count. Errors: `invalid_input`.
 */
export function windowSpec(window: string, { step, zone = 'UTC' }: { step?: string; zone?: string } = {}): WindowSpec {
  checkZone(zone)
  if (window === 'day' || window === 'week' || window === 'month') return { kind: 'calendar', unit: window, zone }
  const count = /^(\d{1,9})rows$/.exec(window)
  if (count && Number(count[1]) > 0) return { kind: 'count', rows: Number(count[1]) }
  const length = durationOf(window, 'The window')
  return { kind: 'rolling', length, step: step === undefined ? Math.min(day, length) : durationOf(step, 'The step') }
}

const inUnits = (length: number) => (length % day === 0 ? `${length / day}d` : `${length / hour}h`)

/** The texts that give this window again. */
export function windowText(spec: WindowSpec): { window: string; step: string; zone: string } {
  if (spec.kind === 'rolling') return { window: inUnits(spec.length), step: inUnits(spec.step), zone: 'UTC' }
  return spec.kind === 'calendar'
    ? { window: spec.unit, step: spec.unit, zone: spec.zone }
    : { window: `${spec.rows}rows`, step: `${spec.rows}rows`, zone: 'UTC' }
}

function succeeds(work: () => void): boolean {
  try {
    work()
    return true
  } catch {
    return false
  }
}

export const isWindow = (text: string): boolean => succeeds(() => windowSpec(text))
export const isZone = (text: string): boolean => succeeds(() => checkZone(text))
