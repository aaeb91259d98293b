const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** How long ago, or in how long: "3 min ago", "in 2 h". */
export function relative(time: number, now: number): string {
  const ago = now - time
  const size = Math.abs(ago)
  if (size < 5 * second) return 'now'
  const text =
    size < minute
      ? `${Math.round(size / second)} s`
      : size < hour
        ? `${Math.round(size / minute)} min`
        : size < 2 * day
          ? `${Math.round(size / hour)} h`
          : size < 60 * day
            ? `${Math.round(size / day)} d`
            : size < 730 * day
              ? `${Math.round(size / (30 * day))} mo`
              : `${Math.round(size / (365 * day))} y`
  return ago >= 0 ? `${text} ago` : `in ${text}`
}

/** A length of time in at most two units: "1 h 20 min". */
export function duration(milliseconds: number | null | undefined): string {
  if (milliseconds == null || Number.isNaN(milliseconds)) return '–'
  if (milliseconds < second)
    return milliseconds < 10 && !Number.isInteger(milliseconds)
      ? `${milliseconds.toFixed(1)} ms`
      : `${Math.round(milliseconds)} ms`
  if (milliseconds < 10 * second) return `${(milliseconds / second).toFixed(1)} s`
  if (milliseconds < minute) return `${Math.round(milliseconds / second)} s`
  const pair = (big: number, small: number, names: [string, string]) => {
    const first = Math.floor(milliseconds / big)
    const rest = Math.floor((milliseconds % big) / small)
    return rest ? `${first} ${names[0]} ${rest} ${names[1]}` : `${first} ${names[0]}`
  }
  if (milliseconds < hour) return pair(minute, second, ['min', 's'])
  if (milliseconds < day) return pair(hour, minute, ['h', 'min'])
  if (milliseconds < 100 * day) return pair(day, hour, ['d', 'h'])
  return `${Math.floor(milliseconds / day).toLocaleString('en')} d`
}

const pad = (value: number, length = 2) => String(value).padStart(length, '0')

/** UTC, because event times and windows are: 2001-02-14. */
export const date = (time: number) => {
  const at = new Date(time)
  return `${at.getUTCFullYear()}-${pad(at.getUTCMonth() + 1)}-${pad(at.getUTCDate())}`
}

/** UTC: 2001-02-14 08:30:12. */
export const dateTime = (time: number) => {
  const at = new Date(time)
  return `${date(time)} ${pad(at.getUTCHours())}:${pad(at.getUTCMinutes())}:${pad(at.getUTCSeconds())}`
}

/** A window [from, to) by event time, both days named; a short one to the minute. */
export function eventWindow(window: { from: number; to: number } | null | undefined): string {
  if (!window) return 'all rows'
  if (window.to - window.from < day)
    return `${dateTime(window.from).slice(0, 16)} – ${dateTime(window.to).slice(11, 16)}`
  const [first, last] = [date(window.from), date(window.to - 1)]
  if (first === last) return first
  return `${first} – ${first.slice(0, 4) === last.slice(0, 4) ? last.slice(5) : last}`
}
