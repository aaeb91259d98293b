/** What a mainframe writes for a date or a time; the digits stand in this order. */
export const dateForms = [
  'YYMMDD',
  'YYYYMMDD',
  'CYYMMDD',
  'MMDDYY',
  'DDMMYY',
  'MMDDYYYY',
  'DDMMYYYY',
  'YYMM',
  'YYYYMM',
  'YYDDD',
  'YYYYDDD',
  'CYYDDD',
  'lilian',
  'integer',
] as const
export const timeForms = ['YYYYMMDDHHMMSS', 'YYMMDDHHMMSS', 'timestamp', 'STCK'] as const
export type DateForm = (typeof dateForms)[number]
export type TimeForm = (typeof timeForms)[number]

/** No date: none was written, or what stands for never and for ever. */
export const noDate = Number.MAX_SAFE_INTEGER

/** The first day of each count of days, as days since 1970, less one: day 1 of Lilian is 1582-10-15, of COBOL's INTEGER-OF-DATE 1601-01-01. */
const dayZero = { lilian: -141_428, integer: -134_775 } as const

/** What the events engine's dates and times can hold. */
const [firstDay, lastDay] = [-25_567, 120_529]

/** Days since 1970 of a day of the Gregorian calendar; NaN when it does not exist. */
function daysOf(year: number, month: number, day: number): number {
  if (month < 1 || month > 12 || day < 1 || day > 31) return Number.NaN
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  if (day > (month === 2 ? (leap ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31))
    return Number.NaN
  // the year begins in March, so that the leap day is its last
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  return era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
}

/** Reads digits (values 0–9) in a form: days since 1970, `noDate`, or NaN when there is no such day. */
export type DateReader = (digits: Uint8Array, count: number) => number

/** `pivot`: years of two digits below it are in this century (20..), the others in the last. */
export function dateReader(form: DateForm, pivot: number): DateReader {
  if (form === 'lilian' || form === 'integer') {
    const zero = dayZero[form]
    return (digits, count) => {
      let days = 0
      for (let i = 0; i < count; i++) days = days * 10 + digits[i]!
      if (days === 0 || allNines(digits, count)) return noDate
      return inRange(days + zero)
    }
  }
  const place = (letter: string) => [form.indexOf(letter), form.lastIndexOf(letter) + 1] as const
  const [century] = place('C')
  const [year, yearEnd] = place('Y')
  const [month, monthEnd] = place('M')
  const [day, dayEnd] = place('D')
  const number = (digits: Uint8Array, from: number, end: number) => {
    let value = 0
    for (let i = from; i < end; i++) value = value * 10 + digits[i]!
    return value
  }
  const { length } = form
  const julian = form.includes('DDD')
  return (digits, count) => {
    if (count !== length) return Number.NaN
    let zero = true
    for (let i = 0; i < count; i++) zero &&= digits[i] === 0
    if (zero || allNines(digits, count)) return noDate
    let y = number(digits, year, yearEnd)
    if (century >= 0) y += 1900 + digits[century]! * 100
    else if (yearEnd - year === 2) y += y < pivot ? 2000 : 1900
    const m = month < 0 ? 1 : number(digits, month, monthEnd)
    const d = day < 0 ? 1 : number(digits, day, dayEnd)
    if ((y === 9999 && (julian ? d >= 365 : m === 12)) || (y === 1 && m === 1 && d === 1)) return noDate
    if (!julian) return inRange(daysOf(y, m, d))
    const first = daysOf(y, 1, 1)
    return d >= 1 && d <= daysOf(y + 1, 1, 1) - first ? inRange(first + d - 1) : Number.NaN
  }
}

const allNines = (digits: Uint8Array, count: number) => {
  for (let i = 0; i < count; i++) if (digits[i] !== 9) return false
  return true
}
const inRange = (days: number) => (days >= firstDay && days <= lastDay ? days : Number.NaN)

/** Reads digits as a time: microseconds since 1970 (UTC), `noDate` or NaN. `timestamp` is YYYYMMDDHHMMSS and up to 6 digits of a second. */
export function timeReader(form: Exclude<TimeForm, 'STCK'>, pivot: number): DateReader {
  const years = form === 'YYMMDDHHMMSS' ? 2 : 4
  const day = dateReader(years === 2 ? 'YYMMDD' : 'YYYYMMDD', pivot)
  const least = years + 10
  // DB2 writes up to twelve digits of a second
  const most = form === 'timestamp' ? 26 : least
  return (digits, count) => {
    if (count < least || count > most) return Number.NaN
    const days = day(digits, years + 4)
    if (days === noDate || Number.isNaN(days)) return days
    const two = (at: number) => digits[years + 4 + at]! * 10 + digits[years + 5 + at]!
    const [hours, minutes, seconds] = [two(0), two(2), two(4)]
    // 24:00:00 is the end of a day
    if (hours > 24 || minutes > 59 || seconds > 59 || (hours === 24 && minutes + seconds > 0)) return Number.NaN
    let micros = 0
    for (let i = 0; i < 6; i++) micros = micros * 10 + (least + i < count ? digits[least + i]! : 0)
    return (days * 86_400 + hours * 3600 + minutes * 60 + seconds) * 1e6 + micros
  }
}
