import type { ColumnKind } from './comparison.ts'
import type { TableFile } from './table-file.ts'

export interface TableColumn {
  name: string
  /** of the engine, without Nullable and LowCardinality */
  type: string
  /** undefined while no row has a value of it */
  kind: ColumnKind | undefined
  /** numbers that are kept as texts, because others of the file's columns are no numbers throughout */
  asText: boolean
}

/** A file as a table that the engine can scan by columns. */
export interface Table {
  file: TableFile
  /** table expression; has `_row_number` */
  sql: string
  rows: number
  columns: TableColumn[]
  notes: string[]
}

export function kindOf(type: string): ColumnKind | undefined {
  if (type === 'Nothing') return undefined
  if (/^(U?Int|Float|BFloat|Decimal)/.test(type)) return 'number'
  if (/^(String|FixedString|Enum|Bool|UUID|IPv)/.test(type)) return 'category'
  return /^(Date|Time)/.test(type) ? 'time' : 'other'
}

/** What is to be said of times without a zone. */
export function zoneNotes(file: TableFile, columns: readonly TableColumn[]): string[] {
  const zoneless = columns.filter(({ type }) => /^DateTime(64\(\d+\))?$/.test(type)).map((column) => column.name)
  return zoneless.length > 0 ? [`${file.name}: times without a zone are taken for UTC (${listed(zoneless)})`] : []
}

/** At most a few names, for a sentence. */
export const listed = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')
