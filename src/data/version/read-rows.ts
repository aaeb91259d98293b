import type { Column } from '../../contracts/column.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { asColumns } from '../curation/engine-column.ts'
import { quoteName } from '../expression/sql-text.ts'
import { readSettings } from '../source/stage.ts'
import type { DatasetVersionSummary } from './dataset-version.ts'
import type { VersionFiles } from './version-files.ts'

export interface Rows {
  columns: Column[]
  /** in the order of the columns; times and dates in milliseconds since 1970 */
  rows: unknown[][]
  /** how many there are in all, when that is known */
  total: number | null
}

/** SQL of a column for a person or a program that reads JSON. */
const forJson = ({ name, type }: Column) => {
  const sql = `s.${quoteName(name)}`
  if (type === 'date') return `toUnixTimestamp64Milli(toDateTime64(${sql}, 3, 'UTC'))`
  return type === 'time' ? `toUnixTimestamp64Milli(toDateTime64(${sql}, 3, 'UTC'))` : sql
}

/** SELECT of columns that come back as an array per row, so that no name of a column can matter. */
export const selectForJson = (columns: readonly Column[]): string =>
  columns.map((column, i) => `${forJson(column)} AS c${i}`).join(', ')

/** Rows of `selectForJson` as arrays in the order of the columns. */
export const asArrays = (columns: readonly Column[], found: Record<string, unknown>[]): unknown[][] =>
  found.map((row) => columns.map((_, i) => row[`c${i}`] ?? null))

/** A page of a Parquet file's rows, in the order of the file. */
export async function readRows(
  engine: EventsStore,
  file: string,
  { limit, offset }: { limit: number; offset: number },
): Promise<Rows> {
  const params = { file }
  const described = await engine.query<{ name: string; type: string }>(
    'DESCRIBE TABLE file({file:String}, Parquet)',
    params,
  )
  const columns = asColumns(described)
  const [count] = await engine.query<{ n: number }>('SELECT count() AS n FROM file({file:String}, Parquet)', params, {
    settings: readSettings,
  })
  const found = await engine.query<Record<string, unknown>>(
    `SELECT ${selectForJson(columns)} FROM file({file:String}, Parquet) AS s WHERE s._row_number >= {offset:UInt64} AND s._row_number < {end:UInt64} ORDER BY s._row_number`,
    { ...params, offset, end: offset + limit },
  )
  return { columns, rows: asArrays(columns, found), total: Number(count?.n ?? 0) }
}

/** A page of a version's rows, in their order. */
export async function readVersionRows(
  engine: EventsStore,
  files: VersionFiles,
  version: DatasetVersionSummary,
  { limit, offset }: { limit: number; offset: number },
): Promise<Rows> {
  const columns = version.schema
  const found = await engine.query<Record<string, unknown>>(
    `SELECT ${selectForJson(columns)} FROM ${await files.page(version, offset, limit)} AS s ORDER BY s.__position`,
  )
  return { columns, rows: asArrays(columns, found), total: version.rowCount }
}
