/** Forms of numbers that every workbook has: of dates, and of times (ECMA-376, 18.8.30). */
const dates = new Set([14, 15, 16, 17, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58])
const times = new Set([18, 19, 20, 21, 22, 32, 33, 34, 35, 45, 46, 47, 55, 56])

export type DateForm = 'date' | 'time'

/** Whether a form of numbers shows a date, or a time (with a date or without); `code`: its own text, for those that the workbook declares. */
export function dateForm(id: number, code: string | undefined): DateForm | undefined {
  if (code === undefined) return dates.has(id) ? 'date' : times.has(id) ? 'time' : undefined
  // what is quoted, escaped, a colour or a condition says nothing; elapsed times [h] do
  const plain = code.replace(/"[^"]*"|\\.|_.|\*./g, '').replace(/\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, '')
  const [positive] = plain.split(';')
  if (/general/i.test(positive!)) return undefined
  return /[hs]/i.test(positive!) ? 'time' : /[ymd]/i.test(positive!) ? 'date' : undefined
}

const day = 86_400_000
const two = (value: number) => String(value).padStart(2, '0')

/**
 * A day number of a workbook as text: a date, a date and a time, or a time of day (numbers less than 1). In the system of
 * 1900 there is a 29 February 1900 that never was, so numbers up to 60 are a day less.
 */
export function dateText(serial: number, form: DateForm, since1904: boolean): string | undefined {
  if (!Number.isFinite(serial) || serial < 0) return undefined
  const milliseconds = Math.round(serial * day)
  const rest = milliseconds % day
  const seconds = Math.floor(rest / 1000)
  const clock = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}${rest % 1000 ? `.${String(rest % 1000).padStart(3, '0')}` : ''}`
  if (milliseconds < day && form === 'time') return clock
  const days = Math.floor(milliseconds / day)
  const from = since1904 ? Date.UTC(1904, 0, 1) : days < 60 ? Date.UTC(1899, 11, 31) : Date.UTC(1899, 11, 30)
  const date = new Date(from + days * day)
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999) return undefined
  const text = date.toISOString().slice(0, 10)
  return rest === 0 && form === 'date' ? text : `${text} ${clock}`
}
