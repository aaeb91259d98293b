const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

/** 12.3 MiB */
export function bytes(count: number): string {
  let value = count
  let unit = 0
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024
  return `${unit === 0 || value >= 100 ? Math.round(value) : Math.round(value * 10) / 10} ${units[unit]}`
}

/** A stretch of time in the unit that fits: 850 ms, 12 s, 3 min, 5 h, 2 d. */
export function span(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  const seconds = milliseconds / 1000
  if (seconds < 100) return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`
  const minutes = seconds / 60
  if (minutes < 100) return `${Math.round(minutes)} min`
  return minutes < 48 * 60 ? `${Math.round(minutes / 60)} h` : `${Math.round(minutes / 1440)} d`
}

/** 2001-02-01 12:30:00 (UTC), the time left out at midnight. */
export const moment = (milliseconds: number): string =>
  new Date(milliseconds)
    .toISOString()
    .replace('T', ' ')
    .slice(0, 19)
    .replace(/ 00:00:00$/, '')
