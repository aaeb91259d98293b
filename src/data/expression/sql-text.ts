import type { ColumnType } from '../../contracts/column.ts'

/** A name of a column in the engine's SQL. */
export const quoteName = (name: string): string => `\`${name.replace(/[\\`]/g, '\\$&')}\``

/** A text literal in the engine's SQL. */
export const quoteText = (text: string): string =>
  `'${text.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n').replace(/\0/g, '\\0')}'`

/** The engine's type behind each type of column; every column is Nullable of it. */
export const engineTypes: Record<ColumnType, string> = {
  int: 'Int64',
  float: 'Float64',
  text: 'String',
  bool: 'Bool',
  time: "DateTime64(6, 'UTC')",
  date: 'Date32',
}
