import { symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { KedgeError } from '../errors.ts'
import { quote } from '../storage/events/bind-parameters.ts'
import type { ColumnKind } from './comparison.ts'
import { EngineRefusal, type TableEngine } from './table-engine.ts'
import { type TableFile, unreadable } from './table-file.ts'

export interface TableColumn {
  name: string
  /** of the engine, without Nullable and LowCardinality */
  type: string
  /** undefined while no row has a value of it */
  kind: ColumnKind | undefined
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

/** More columns than the reports and the engine are made for. */
export const MOST_COLUMNS = 20_000

const plain = (type: string): string => {
  const inner = /^(?:LowCardinality|Nullable)\((.*)\)$/.exec(type)?.[1]
  return inner === undefined ? type : plain(inner)
}

export function kindOf(type: string): ColumnKind | undefined {
  if (type === 'Nothing') return undefined
  if (/^(U?Int|Float|BFloat|Decimal)/.test(type)) return 'number'
  if (/^(String|FixedString|Enum|Bool|UUID|IPv)/.test(type)) return 'category'
  return /^(Date|Time)/.test(type) ? 'time' : 'other'
}

/**
 * Makes a file readable as a table: Parquet as it is; texts are read once, into Parquet in the engine's folder, because
 * parsing costs more than anything that is computed from them. Errors: `table_unreadable`, `too_large`.
 */
export async function openTable(engine: TableEngine, file: TableFile, name: 'reference' | 'current'): Promise<Table> {
  const notes: string[] = []
  // the engine would take wildcards in a name for a pattern
  const ending = /(\.[a-z0-9]+){1,2}$/i.exec(file.name)![0]
  const linked = join(engine.folder, `${name}${ending}`)
  await symlink(resolve(file.path), linked)
  const parquet = file.format === 'parquet' ? linked : join(engine.folder, `${name}-staged.parquet`)
  if (file.format !== 'parquet') await stage(engine, file, linked, parquet, notes)
  const sql = `file(${quote(parquet)}, Parquet)`
  return reading(file, async () => {
    const columns = (await engine.query<{ name: string; type: string }>(`DESCRIBE TABLE ${sql}`)).rows.map((column) => {
      const type = plain(column.type)
      return { name: column.name, type, kind: kindOf(type) }
    })
    if (columns.length > MOST_COLUMNS)
      throw new KedgeError('too_large', {
        what: `${file.path} with its ${columns.length} columns (name those that matter with --columns)`,
        limit: `${MOST_COLUMNS} columns`,
      })
    const zoneless = columns.filter(({ type }) => /^DateTime(64\(\d+\))?$/.test(type)).map((column) => column.name)
    if (zoneless.length > 0) notes.push(`${file.name}: times without a zone are taken for UTC (${listed(zoneless)})`)
    const { rows } = await engine.query<{ rows: number }>(`SELECT count() AS rows FROM ${sql}`)
    if (rows[0]!.rows === 0) throw unreadable(file.path, 'it has no rows')
    return { file, sql, rows: rows[0]!.rows, columns, notes }
  })
}

/** At most a few names, for a sentence. */
export const listed = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')

const OURS =
  /^(SYNTAX_ERROR|ILLEGAL_\w+|UNKNOWN_(FUNCTION|IDENTIFIER|SETTING|AGGREGATE_FUNCTION)|NOT_AN_AGGREGATE|LOGICAL_ERROR|NUMBER_OF_ARGUMENTS_\w+)$/

/** Turns what the engine refuses into an error that names the file. */
export async function reading<T>(file: TableFile, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    // what is wrong with our own statement is no fault of the file
    if (!(error instanceof EngineRefusal) || OURS.test(error.type)) throw error
    const where = error.row === undefined ? '' : `row ${error.row}: `
    throw unreadable(file.path, `${where}${error.message}`, error)
  }
}

const FORMATS = { csv: 'CSVWithNames', tsv: 'TabSeparatedWithNames', jsonl: 'JSONEachRow', parquet: 'Parquet' } as const
const CANNOT_PARSE =
  /^(CANNOT_(PARSE|READ|CONVERT)\w*|INCORRECT_DATA|UNEXPECTED_DATA_AFTER_PARSED_VALUE|TYPE_MISMATCH|ILLEGAL_TYPE_OF_ARGUMENT)$/

async function stage(engine: TableEngine, file: TableFile, linked: string, parquet: string, notes: string[]) {
  const format = FORMATS[file.format]
  const source = `file(${quote(linked)}, ${format})`
  const into = `INSERT INTO FUNCTION file(${quote(parquet)}, Parquet)`
  // in the order of the file: neighbouring rows are neighbours in time
  const ordered = 'SETTINGS max_threads = 1, max_insert_threads = 1'
  try {
    await engine.query(`${into} SELECT * FROM ${source} ${ordered}`)
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error
    const columns = await reading(
      file,
      async () => (await engine.query<{ name: string; type: string }>(`DESCRIBE TABLE ${source}`)).rows,
    )
    if (file.format === 'jsonl' || !CANNOT_PARSE.test(error.type)) return reading(file, () => Promise.reject(error))
    // a later value is of another type than the first ones promised
    const name = (column: { name: string }) => `\`${column.name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
    const texts = columns.map((column) => `${name(column)} Nullable(String)`).join(', ')
    await reading(file, () =>
      engine.query(`${into} SELECT * FROM file(${quote(linked)}, ${format}, ${quote(texts)}) ${ordered}`),
    )
    const staged = `file(${quote(parquet)}, Parquet)`
    const numbers = columns.filter((column) => kindOf(plain(column.type)) === 'number')
    if (numbers.length === 0) return
    const { rows } = await engine.query<Record<string, number>>(
      `SELECT ${numbers.map((column, i) => `countIf(${name(column)} != '' AND toFloat64OrNull(${name(column)}) IS NULL) AS bad${i}`).join(', ')} FROM ${staged}`,
    )
    const mixed = numbers.filter((_, i) => rows[0]![`bad${i}`]! > 0).map((column) => column.name)
    notes.push(
      `${file.name} has values of different types in ${listed(mixed)}${error.row === undefined ? '' : ` (the first in row ${error.row})`}: its columns are read as texts, as numbers where the other side has numbers`,
    )
  }
}
