import { groupOf } from '../../contracts/curation.ts'
import type { SourceTable } from '../../contracts/source.ts'
import { quoteName, quoteText } from '../expression/sql-text.ts'
import { columnType, quarantineValue } from './engine-column.ts'

/** A row as its source gives it, and the values that take the place of some of its own; all as text. */
export interface Correction {
  original: Record<string, string | null>
  corrected: Record<string, string | null>
}

type NumberedTable = SourceTable & { rowNumber: string }

/** SQL (over `s`) of a source's value as text, as it stands in a correction. */
export const originalText = (column: SourceTable['columns'][number]): string => `toString(${quarantineValue(column)})`

/**
 * The table with corrected rows in place of their originals. A row is known by all its values, so a correction holds
 * wherever the row stands the next time. Those of other columns than the table has now are left out.
 */
export function correctTable(table: NumberedTable, corrections: readonly Correction[]): NumberedTable {
  const names = table.columns.map(({ name }) => name)
  const fitting = corrections.filter(
    ({ original }) => Object.keys(original).length === names.length && names.every((name) => name in original),
  )
  if (fitting.length === 0) return table
  const literal = (text: string | null) => (text === null ? "CAST(NULL, 'Nullable(String)')" : quoteText(text))
  const key = groupOf(table.columns.map(originalText))
  // the same SQL makes the keys, so that they are equal whatever the values are
  const keyOf = ({ original }: Correction) => groupOf(names.map((name) => literal(original[name]!)))
  const changed = table.columns.filter(({ name }) => fitting.some(({ corrected }) => name in corrected))
  const values = changed.map((column) => {
    const own = fitting.filter(({ corrected }) => column.name in corrected)
    const type = column.type
      .replace(/^(?:Nullable|LowCardinality)\((.*)\)$/s, '$1')
      .replace(/^Nullable\((.*)\)$/s, '$1')
    const cases = own.map((one) => `s.__key = ${keyOf(one)}, ${cast(literal(one.corrected[column.name]!), type)}`)
    return `multiIf(${cases.join(', ')}, CAST(s.${quoteName(column.name)}, ${quoteText(`Nullable(${type})`)})) AS ${quoteName(column.name)}`
  })
  const inner = `(SELECT *, ${key} AS __key, toUInt64(${table.rowNumber}) AS __position FROM ${table.sql} AS s)`
  return {
    ...table,
    sql: `(SELECT s.* EXCEPT (${[...changed.map(({ name }) => quoteName(name)), '__key'].join(', ')}), ${values.join(', ')} FROM ${inner} AS s)`,
    columns: table.columns.map((column) =>
      changed.includes(column)
        ? {
            ...column,
            type: `Nullable(${column.type.replace(/^(?:Nullable|LowCardinality)\((.*)\)$/s, '$1').replace(/^Nullable\((.*)\)$/s, '$1')})`,
          }
        : column,
    ),
    rowNumber: 's.__position',
  }
}

const cast = (text: string, type: string) =>
  type === 'String'
    ? `CAST(${text}, 'Nullable(String)')`
    : columnType(type) === 'time'
      ? `CAST(parseDateTime64BestEffortOrNull(${text}, 6, 'UTC'), ${quoteText(`Nullable(${type})`)})`
      : `accurateCastOrNull(${text}, ${quoteText(type)})`
