import type { ColumnType } from '../../contracts/column.ts'
import { engineTypes } from './sql-text.ts'

/**
 * SQL that turns a value of one type into another, null where it cannot. Never throws. Text is read with surrounding
 * blanks; a time from a number is milliseconds since 1970; a float becomes an int only when it is whole.
 */
export function convert(sql: string, from: ColumnType, to: ColumnType): string {
  if (from === to) return sql
  const direct = conversions[`${from}>${to}`]
  return direct ? direct(sql) : `NULL::Nullable(${engineTypes[to]})`
}

/** Whether a conversion exists at all. */
export const canConvert = (from: ColumnType, to: ColumnType): boolean => from === to || `${from}>${to}` in conversions

/** What the engine's DateTime64(6) can hold, in milliseconds. */
const timeLimit = [-2_208_988_800_000, 9_214_646_400_000] as const
const inTime = (sql: string) => `(${sql}) BETWEEN ${timeLimit[0]} AND ${timeLimit[1]}`

const conversions: Record<string, (sql: string) => string> = {
  'text>int': (sql) => `toInt64OrNull(trimBoth(${sql}))`,
  'text>float': (sql) => `nullIf(toFloat64OrNull(trimBoth(${sql})), nan)`,
  'text>bool': (sql) =>
    `multiIf(lower(trimBoth(${sql})) IN ('true', 't', 'yes', 'y', '1'), true, lower(trimBoth(${sql})) IN ('false', 'f', 'no', 'n', '0'), false, NULL)`,
  // with less than a whole date the engine fills in from its own clock
  'text>time': (sql) =>
    `if(match(trimBoth(${sql}), '^\\\\d{4}[-/.]\\\\d{1,2}[-/.]\\\\d{1,2}|[A-Za-z]{3}.*\\\\d{4}'), parseDateTime64BestEffortOrNull(trimBoth(${sql}), 6, 'UTC'), NULL)`,
  // the engine rolls the 30th of February over to March
  'text>date': (sql) => {
    const date = `toDate32OrNull(trimBoth(${sql}))`
    return `if(startsWith(trimBoth(${sql}), toString(${date})), ${date}, NULL)`
  },
  'int>float': (sql) => `toFloat64(${sql})`,
  'int>text': (sql) => `toString(${sql})`,
  'int>bool': (sql) => `multiIf(${sql} = 0, false, ${sql} = 1, true, NULL)`,
  'int>time': (sql) => `if(${inTime(sql)}, fromUnixTimestamp64Micro(toInt64(${sql}) * 1000, 'UTC'), NULL)`,
  'float>int': (sql) => `accurateCastOrNull(if(trunc(${sql}) = ${sql}, ${sql}, NULL), 'Int64')`,
  'float>text': (sql) => `toString(${sql})`,
  'float>time': (sql) => `if(${inTime(sql)}, fromUnixTimestamp64Micro(toInt64(${sql} * 1000), 'UTC'), NULL)`,
  'bool>int': (sql) => `toInt64(${sql})`,
  'bool>float': (sql) => `toFloat64(${sql})`,
  'bool>text': (sql) => `multiIf(${sql}, 'true', NOT ${sql}, 'false', NULL)`,
  'time>int': (sql) => `toUnixTimestamp64Milli(${sql})`,
  'time>text': (sql) => `formatDateTime(${sql}, '%Y-%m-%dT%H:%i:%SZ', 'UTC')`,
  'time>date': (sql) => `toDate32(${sql})`,
  'date>text': (sql) => `toString(${sql})`,
  'date>time': (sql) => `toDateTime64(${sql}, 6, 'UTC')`,
}
