import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type DateForm, dateForms, dateReader, noDate, timeReader } from './date-forms.ts'

const digits = (text: string) => Uint8Array.from(text, Number)
const iso = (value: number) =>
  value === noDate ? null : Number.isNaN(value) ? 'none' : new Date(value * 86_400_000).toISOString().slice(0, 10)
const read = (form: DateForm, text: string, pivot = 50) => iso(dateReader(form, pivot)(digits(text), text.length))

describe('dates', () => {
  test.each<[DateForm, string, string | null]>([
    ['YYMMDD', '991231', '1999-12-31'],
    ['YYMMDD', '490101', '2049-01-01'],
    ['YYMMDD', '500101', '1950-01-01'],
    ['YYYYMMDD', '20000229', '2000-02-29'],
    ['YYYYMMDD', '19000229', 'none'],
    ['YYYYMMDD', '20011301', 'none'],
    ['YYYYMMDD', '00000000', null],
    ['YYYYMMDD', '99999999', null],
    ['YYYYMMDD', '99991231', null],
    ['YYYYMMDD', '00010101', null],
    ['YYYYMMDD', '18991231', 'none'],
    ['YYYYMMDD', '22991231', '2299-12-31'],
    ['CYYMMDD', '1240229', '2024-02-29'],
    ['CYYMMDD', '0991231', '1999-12-31'],
    ['MMDDYY', '123199', '1999-12-31'],
    ['DDMMYYYY', '31122001', '2001-12-31'],
    ['YYYYMM', '200102', '2001-02-01'],
    ['YYDDD', '24060', '2024-02-29'],
    ['YYYYDDD', '2023366', 'none'],
    ['YYYYDDD', '2024366', '2024-12-31'],
    ['YYYYDDD', '2024000', 'none'],
    ['CYYDDD', '124366', '2024-12-31'],
    // IBM's Language Environment: 16 May 1988 is Lilian day 148138
    ['lilian', '148138', '1988-05-16'],
    // COBOL's INTEGER-OF-DATE(19940110)
    ['integer', '143550', '1994-01-10'],
  ])('%s %s is %s', (form, text, expected) => {
    expect(read(form, text)).toBe(expected)
  })

  test('every day of the calendar, in every form with digits of a day', () => {
    const forms = dateForms.filter((form) => form.includes('D') && !/^(lilian|integer)$/.test(form))
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1950, 0, 1) / 864e5, max: Date.UTC(2049, 11, 31) / 864e5 }), (day) => {
        const date = new Date(day * 864e5)
        const year = date.getUTCFullYear()
        const parts: Record<string, string> = {
          YYYY: String(year),
          CYY: `${Math.floor(year / 100) - 19}${String(year % 100).padStart(2, '0')}`,
          YY: String(year % 100).padStart(2, '0'),
          MM: String(date.getUTCMonth() + 1).padStart(2, '0'),
          DDD: String(day - Date.UTC(year, 0, 1) / 864e5 + 1).padStart(3, '0'),
          DD: String(date.getUTCDate()).padStart(2, '0'),
        }
        for (const form of forms) {
          const text = form.replace(/YYYY|CYY|YY|MM|DDD|DD/g, (part) => parts[part]!)
          expect(read(form, text)).toBe(date.toISOString().slice(0, 10))
        }
        expect(read('lilian', String(day + 141_428))).toBe(date.toISOString().slice(0, 10))
      }),
    )
  })
})

test.each([
  ['YYYYMMDDHHMMSS', '20010203040506', '2001-02-03T04:05:06.000Z', 0],
  ['timestamp', '20010203040506123456', '2001-02-03T04:05:06.123Z', 456],
  ['timestamp', '20010203240000', '2001-02-04T00:00:00.000Z', 0],
  ['timestamp', '20010203250000', 'none', 0],
  ['YYMMDDHHMMSS', '010203040506', '2001-02-03T04:05:06.000Z', 0],
  ['timestamp', '00010101000000000000', 'null', 0],
] as const)('time %s %s', (form, text, expected, micros) => {
  const value = timeReader(form, 50)(digits(text), text.length)
  if (expected === 'none') expect(value).toBeNaN()
  else if (expected === 'null') expect(value).toBe(noDate)
  else {
    expect(new Date(Math.floor(value / 1000)).toISOString()).toBe(expected)
    expect(value % 1000).toBe(micros)
  }
})
