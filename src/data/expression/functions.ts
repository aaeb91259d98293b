import type { ColumnType } from '../../contracts/column.ts'
import type { Expression } from '../../contracts/curation.ts'
import { convert } from './conversion.ts'
import { quoteText } from './sql-text.ts'

type Kind = ColumnType | 'number' | 'moment' | 'any'

export interface ExpressionFunction {
  /** what it takes; the last may repeat when `repeats` */
  takes: Kind[]
  /** how many of the last ones may be left out */
  optional?: number
  repeats?: boolean
  gives: ColumnType | 'first' | 'common'
  sql(args: Expression[]): string
  description: string
}

const call =
  (name: string) =>
  (args: Expression[]): string =>
    `${name}(${args.map((arg) => arg.sql).join(', ')})`
const number = (name: string, description: string, gives: ColumnType = 'float'): ExpressionFunction => ({
  takes: ['number'],
  gives,
  sql: call(name),
  description,
})
/** The engine's float functions give nan outside of their domain, which means missing here. */
const partial = (name: string, description: string): ExpressionFunction => ({
  takes: ['number'],
  gives: 'float',
  sql: ([x]) => `if(isFinite(${name}(${x!.sql})), ${name}(${x!.sql}), NULL)`,
  description,
})
const part = (name: string, description: string): ExpressionFunction => ({
  takes: ['moment'],
  gives: 'int',
  sql: ([x]) => `toInt64(${name}(${x!.sql}))`,
  description,
})
const text = (name: string, description: string): ExpressionFunction => ({
  takes: ['text'],
  gives: 'text',
  sql: call(name),
  description,
})
const conversion = (to: ColumnType, description: string): ExpressionFunction => ({
  takes: ['any'],
  gives: to,
  sql: ([x]) => convert(x!.sql, x!.type, to),
  description,
})
const milliseconds = (x: Expression) =>
  x.type === 'date'
    ? `toInt64(toUnixTimestamp64Milli(toDateTime64(${x.sql}, 3, 'UTC')))`
    : `toUnixTimestamp64Milli(${x.sql})`
const elapsed = (unit: number, what: string): ExpressionFunction => ({
  takes: ['moment', 'moment'],
  gives: 'float',
  sql: ([from, to]) => `((${milliseconds(to!)} - ${milliseconds(from!)}) / ${unit})`,
  description: `${what} from the first to the second`,
})

/** The engine throws for positions that no text has. */
const clamp = (sql: string, least: number) => `greatest(${least}, least(1000000, ${sql}))`

/** Every function of the expression language. None throws for any value: where there is no answer, it is missing. */
export const functions: Record<string, ExpressionFunction> = {
  abs: { takes: ['number'], gives: 'first', sql: call('abs'), description: 'distance from zero' },
  sign: { takes: ['number'], gives: 'int', sql: ([x]) => `toInt64(sign(${x!.sql}))`, description: '−1, 0 or 1' },
  round: {
    takes: ['number', 'int'],
    optional: 1,
    gives: 'float',
    sql: ([x, digits]) => `round(toFloat64(${x!.sql}), ${digits?.sql ?? '0'})`,
    description: 'to so many digits after the point; a constant',
  },
  floor: number('floor', 'largest whole number below', 'float'),
  ceil: number('ceil', 'smallest whole number above', 'float'),
  sqrt: partial('sqrt', 'square root'),
  exp: partial('exp', 'e to the power of it'),
  log: partial('log', 'natural logarithm'),
  log10: partial('log10', 'logarithm to the base 10'),
  pow: {
    takes: ['number', 'number'],
    gives: 'float',
    sql: ([x, y]) => `nullIf(pow(${x!.sql}, ${y!.sql}), nan)`,
    description: 'the first to the power of the second',
  },
  sin: number('sin', 'sine of radians'),
  cos: number('cos', 'cosine of radians'),
  least: { takes: ['any'], repeats: true, gives: 'common', sql: call('least'), description: 'smallest of all' },
  greatest: { takes: ['any'], repeats: true, gives: 'common', sql: call('greatest'), description: 'largest of all' },
  coalesce: {
    takes: ['any'],
    repeats: true,
    gives: 'common',
    sql: call('coalesce'),
    description: 'first that is not missing',
  },
  if: {
    takes: ['bool', 'any', 'any'],
    gives: 'common',
    sql: call('if'),
    description: 'the second where the first is true, else the third',
  },

  lower: text('lowerUTF8', 'in small letters'),
  upper: text('upperUTF8', 'in capital letters'),
  trim: text('trimBoth', 'without blanks at both ends'),
  length: {
    takes: ['text'],
    gives: 'int',
    sql: ([x]) => `toInt64(lengthUTF8(${x!.sql}))`,
    description: 'number of characters',
  },
  substring: {
    takes: ['text', 'int', 'int'],
    optional: 1,
    gives: 'text',
    sql: ([x, from, length]) =>
      `substringUTF8(${x!.sql}, ${clamp(from!.sql, 1)}${length ? `, ${clamp(length.sql, 0)}` : ''})`,
    description: 'from a position, counted from 1; so many characters',
  },
  concat: {
    takes: ['text'],
    repeats: true,
    gives: 'text',
    sql: (args) => `concat(${[quoteText(''), ...args.map((arg) => arg.sql)].join(', ')})`,
    description: 'one after the other',
  },
  replace: {
    takes: ['text', 'text', 'text'],
    gives: 'text',
    sql: call('replaceAll'),
    description: 'every second in the first by the third',
  },
  starts_with: {
    takes: ['text', 'text'],
    gives: 'bool',
    sql: ([x, y]) => `startsWith(${x!.sql}, ${y!.sql})::Nullable(Bool)`,
    description: 'whether it begins so',
  },
  ends_with: {
    takes: ['text', 'text'],
    gives: 'bool',
    sql: ([x, y]) => `endsWith(${x!.sql}, ${y!.sql})::Nullable(Bool)`,
    description: 'whether it ends so',
  },
  contains: {
    takes: ['text', 'text'],
    gives: 'bool',
    sql: ([x, y]) => `(position(${x!.sql}, ${y!.sql}) > 0)::Nullable(Bool)`,
    description: 'whether the second is in the first',
  },
  hash: {
    takes: ['any', 'int'],
    gives: 'int',
    sql: ([x, buckets]) =>
      `toInt64(moduloOrNull(cityHash64(toString(${x!.sql})), toUInt64(greatest(1, ${buckets!.sql}))))`,
    description: 'a number from 0 to below the second, always the same for the same value',
  },

  year: part('toYear', 'year'),
  quarter: part('toQuarter', '1 to 4'),
  month: part('toMonth', '1 to 12'),
  week: part('toISOWeek', 'ISO week, 1 to 53'),
  day: part('toDayOfMonth', '1 to 31'),
  day_of_year: part('toDayOfYear', '1 to 366'),
  weekday: part('toDayOfWeek', '1 Monday to 7 Sunday'),
  hour: { takes: ['time'], gives: 'int', sql: ([x]) => `toInt64(toHour(${x!.sql}))`, description: '0 to 23, UTC' },
  minute: { takes: ['time'], gives: 'int', sql: ([x]) => `toInt64(toMinute(${x!.sql}))`, description: '0 to 59' },
  second: { takes: ['time'], gives: 'int', sql: ([x]) => `toInt64(toSecond(${x!.sql}))`, description: '0 to 59' },
  days_between: elapsed(86_400_000, 'days'),
  hours_between: elapsed(3_600_000, 'hours'),
  seconds_between: elapsed(1000, 'seconds'),
  milliseconds: { takes: ['moment'], gives: 'int', sql: ([x]) => milliseconds(x!), description: 'since 1970' },

  to_int: conversion('int', 'a whole number, or missing'),
  to_float: conversion('float', 'a number, or missing'),
  to_text: conversion('text', 'its text'),
  to_bool: conversion('bool', 'true or false, or missing'),
  to_time: conversion('time', 'a time (of a number: milliseconds since 1970), or missing'),
  to_date: conversion('date', 'its date, or missing'),
}
