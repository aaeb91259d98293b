import { InvalidArgumentError } from 'commander'

/** An option's value as a whole number. Errors: the command line's own, exit code 2. */
export function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.')
  return Number(text)
}

/** An option's value as a number, which may be a fraction or negative. */
export function finiteNumber(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.')
  return value
}

/** A day or time in UTC as milliseconds since 1970. */
export function pointInTime(text: string): number {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text)
    ? Date.parse(`${text}T00:00:00Z`)
    : /^\d{10,}$/.test(text)
      ? Number(text)
      : Date.parse(text)
  if (!Number.isFinite(time))
    throw new InvalidArgumentError('It must be a time such as 2001-02-01 or 2001-02-01T12:00:00Z.')
  return time
}

/** `name=value`, collected. */
export function nameAndValue(text: string, before: Record<string, string> = {}): Record<string, string> {
  const cut = text.indexOf('=')
  if (cut < 1) throw new InvalidArgumentError('It must be name=value.')
  return { ...before, [text.slice(0, cut)]: text.slice(cut + 1) }
}

/** A stretch of time such as `90s`, `30m`, `12h`, `7d` in milliseconds. */
export function duration(text: string): number {
  const [, count, unit] = /^(\d+)\s*(s|m|h|d)$/.exec(text.trim()) ?? []
  if (!count || !unit) throw new InvalidArgumentError('It must be a time such as 90s, 30m, 12h or 7d.')
  return Number(count) * { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[unit as 's' | 'm' | 'h' | 'd']
}

/** Names separated by commas; a comma within a name is written \\, */
export const listOf = (text: string): string[] =>
  text
    .split(/(?<!\\),/)
    .map((name) => name.replaceAll('\\,', ',').trim())
    .filter((name) => name !== '')
