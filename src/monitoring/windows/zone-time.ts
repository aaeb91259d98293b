import { KedgeError } from '../../errors.ts'

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone)
  if (!format) {
    try {
      format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone,
        hourCycle: 'h23',
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit',
      })
    } catch {
      throw new KedgeError('invalid_input', { what: `"${zone}" is no time zone (as Europe/Zurich, or UTC)` })
    }
    formats.set(zone, format)
  }
  return format
}

/** Errors: `invalid_input` for a zone that there is not. */
export const checkZone = (zone: string): void => void formatOf(zone)

/** What a clock on the wall shows at `time`, as if it were UTC. */
function wallClock(zone: string, time: number): number {
  if (zone === 'UTC') return time
  const parts = new Map<string, number>(
    formatOf(zone)
      .formatToParts(time)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const of = (name: string) => parts.get(name)!
  return Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'), of('second'))
}

/**
 * The first moment at which the zone's calendar shows this date: its midnight, or where summer time begins at midnight the
 * first moment after the gap. `month` counts from 0 and may lie outside of the year, `day` outside of the month.
 */
export function zoneMidnight(zone: string, year: number, month: number, day: number): number {
  const wanted = Date.UTC(year, month, day)
  if (zone === 'UTC') return wanted
  // offsets lie within ±15 hours; what is later in time shows no earlier date
  let low = wanted - 15 * 3_600_000
  let high = wanted + 15 * 3_600_000
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2000) * 1000
    if (wallClock(zone, middle) >= wanted) high = middle
    else low = middle
  }
  return high
}

/** Year, month (from 0), day and weekday (0 is Monday) that the zone's calendar shows. */
export function zoneDate(zone: string, time: number): { year: number; month: number; day: number; weekday: number } {
  const shown = new Date(Math.floor(wallClock(zone, Math.floor(time / 1000) * 1000)))
  return {
    year: shown.getUTCFullYear(),
    month: shown.getUTCMonth(),
    day: shown.getUTCDate(),
    weekday: (shown.getUTCDay() + 6) % 7,
  }
}
