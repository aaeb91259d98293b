import type { Column, ColumnType } from '../../contracts/column.ts'
import { quoteName } from '../expression/sql-text.ts'

export interface EngineColumn {
  name: string
  /** of the events engine */
  type: string
}

const bare = (type: string) => {
  let inner = type
  for (;;) {
    const match = /^(?:Nullable|LowCardinality)\((.*)\)$/s.exec(inner)
    if (!match) return inner
    inner = match[1]!
  }
}

/** Kedge's type for a column of the engine; what has no counterpart becomes text (JSON for arrays and the like). */
export function columnType(engineType: string): ColumnType {
  const type = bare(engineType)
  if (/^U?Int(8|16|32|64)$/.test(type)) return 'int'
  if (/^(Float(32|64)|BFloat16|Decimal)/.test(type)) return 'float'
  if (type === 'Bool') return 'bool'
  if (/^DateTime/.test(type)) return 'time'
  if (/^Date(32)?$/.test(type)) return 'date'
  return 'text'
}

/** The engine's columns in Kedge's types. */
export const asColumns = (columns: readonly EngineColumn[]): Column[] =>
  columns.map(({ name, type }) => ({ name, type: columnType(type) }))

/** SQL (over the alias `s`) of a source's value in Kedge's type, null where it does not fit. */
export function readValue({ name, type: engineType }: EngineColumn): string {
  const sql = `s.${quoteName(name)}`
  const type = bare(engineType)
  switch (columnType(engineType)) {
    case 'int':
      return type === 'UInt64' ? `accurateCastOrNull(${sql}, 'Int64')` : sql
    case 'float':
      return `nullIf(toFloat64(${sql}), nan)`
    case 'time':
      return `toDateTime64(${sql}, 6, 'UTC')`
    case 'text':
      if (type === 'String') return sql
      if (/^(FixedString|Enum|UUID|IPv|U?Int(128|256))/.test(type)) return `toString(${sql})`
      return `toJSONString(${sql})`
    default:
      return sql
  }
}

/** Why a text cannot be kept. */
export const notUtf8 = (name: string): string => `${name} is not valid UTF-8`

/** A condition under which a source's value cannot be kept, with the reason. */
export function readFault({
  name,
  type: engineType,
}: EngineColumn): { when: string; reason: string; value: string } | undefined {
  const sql = `s.${quoteName(name)}`
  const type = bare(engineType)
  if (type === 'String') return { when: `NOT isValidUTF8(${sql})`, reason: notUtf8(name), value: `toValidUTF8(${sql})` }
  if (type === 'UInt64')
    return { when: `${sql} > 9223372036854775807`, reason: `${name} is larger than an int`, value: `toString(${sql})` }
  return undefined
}

/** SQL of a source's value as it goes to the quarantine: readable by every program. */
export function quarantineValue({ name, type: engineType }: EngineColumn): string {
  const sql = `s.${quoteName(name)}`
  if (bare(engineType) === 'String') return `toValidUTF8(${sql})`
  return readValue({ name, type: engineType })
}
