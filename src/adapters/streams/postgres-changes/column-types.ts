import type { ColumnType } from '../../../contracts/column.ts'

/** PostgreSQL's own types by their numbers (pg_type.dat); all others are text. */
const types: Record<number, ColumnType> = {
  16: 'bool',
  20: 'int',
  21: 'int',
  23: 'int',
  26: 'int',
  700: 'float',
  701: 'float',
  1082: 'date',
  1114: 'time',
  1184: 'time',
  1700: 'float',
}

export const columnTypeOf = (oid: number): ColumnType => types[oid] ?? 'text'

/** A value as PostgreSQL writes it, as a cell: numbers and times stay text, so that none is rounded. */
export const cellParser = (oid: number): ((text: string) => string | boolean) =>
  oid === 16 ? (text) => text === 't' : (text) => text

/** Names that begin with _ are the stream's own. */
export const landedName = (column: string): string => (column.startsWith('_') ? `payload_${column}` : column)
