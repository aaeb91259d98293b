import { symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { quote } from '../storage/events/bind-parameters.ts'
import { kindOf, listed, type Table, zoneNotes } from './table.ts'
import { EngineRefusal, type TableEngine } from './table-engine.ts'
import { type TableFile, unreadable } from './table-file.ts'

const plain = (type: string): string => {
  const inner = /^(?:LowCardinality|Nullable)\((.*)\)$/.exec(type)?.[1]
  return inner === undefined ? type : plain(inner)
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
  const texts = file.format === 'parquet' ? undefined : await stage(engine, file, linked, parquet, notes)
  const sql = `file(${quote(parquet)}, Parquet)`
  return reading(file, async () => {
    const columns = (await engine.query<{ name: string; type: string }>(`DESCRIBE TABLE ${sql}`)).rows.map((column) => {
      const type = plain(column.type)
      const number = texts?.get(column.name)
      return number
        ? { name: column.name, type: number, kind: 'number' as const, asText: true }
        : { name: column.name, type, kind: kindOf(type), asText: false }
    })
    notes.push(...zoneNotes(file, columns))
    const { rows } = await engine.query<{ rows: number }>(`SELECT count() AS rows FROM ${sql}`)
    if (rows[0]!.rows === 0) throw unreadable(file.path, 'it has no rows')
    return { file, sql, rows: rows[0]!.rows, columns, notes }
  })
}

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
    throw unreadable(file.path, `${where}${inShort(error)}`, error)
  }
}

/** Without the engine's advice on SQL, and without what else stands in the row. */
function inShort({ message }: EngineRefusal): string {
  if (/^Cannot read rows from the data/.test(message)) return 'it has no rows'
  return message
    .replace(/\.*\s*You can specify the structure manually.*$/s, '')
    .replace(/\s*:\s*Row 1:.*$/s, '')
    .replace(/before: '.*$/s, 'here')
    .slice(0, 300)
}

const FORMATS = { csv: 'CSVWithNames', tsv: 'TabSeparatedWithNames', jsonl: 'JSONEachRow', parquet: 'Parquet' } as const
const CANNOT_PARSE =
  /^(CANNOT_(PARSE|READ|CONVERT)\w*|INCORRECT_DATA|UNEXPECTED_DATA_AFTER_PARSED_VALUE|TYPE_MISMATCH|ILLEGAL_TYPE_OF_ARGUMENT)$/

const quoted = (name: string) => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``

/**
 * Writes a text file's rows as Parquet. Where a value is of another type than the first rows promised, numbers are kept as
 * texts; of those the columns that hold numbers throughout are returned, with their type.
 */
async function stage(engine: TableEngine, file: TableFile, linked: string, parquet: string, notes: string[]) {
  const format = FORMATS[file.format]
  const described = await reading(file, async () =>
    engine.query<{ name: string; type: string }>(
      `DESCRIBE TABLE file(${quote(linked)}, ${format}) SETTINGS input_format_csv_allow_variable_number_of_columns = 1, input_format_tsv_allow_variable_number_of_columns = 1`,
    ),
  )
  const columns = described.rows
  // in the order of the file, whose neighbouring rows are neighbours in time; and errors are to name the right row
  const into = (types: (column: { name: string; type: string }) => string) =>
    engine.query(
      `INSERT INTO FUNCTION file(${quote(parquet)}, Parquet) SELECT * FROM file(${quote(linked)}, ${format}, ${quote(columns.map((column) => `${quoted(column.name)} ${types(column)}`).join(', '))}) SETTINGS max_threads = 1, max_insert_threads = 1, input_format_parallel_parsing = 0`,
    )
  const isNumber = (column: { type: string }) => kindOf(plain(column.type)) === 'number'
  let first: EngineRefusal
  try {
    await into((column) => (plain(column.type) === 'Nothing' ? 'Nullable(String)' : column.type))
    return undefined
  } catch (error) {
    if (!(error instanceof EngineRefusal)) throw error
    first = error
  }
  const refused = () => reading(file, () => Promise.reject(first))
  if (file.format === 'jsonl' || !CANNOT_PARSE.test(first.type)) return refused()
  const text = 'Nullable(String)'
  const onlyNumbers = await into((column) => (isNumber(column) ? text : column.type)).then(
    () => true,
    () => false,
  )
  if (!onlyNumbers) await into(() => text).catch(refused)
  const numbers = columns.filter(isNumber)
  if (numbers.length === 0) return undefined
  const { rows } = await engine.query<Record<string, number>>(
    `SELECT ${numbers.map(({ name }, i) => `countIf(${quoted(name)} != '' AND toFloat64OrNull(${quoted(name)}) IS NULL) AS bad${i}`).join(', ')} FROM file(${quote(parquet)}, Parquet)`,
  )
  const mixed = numbers.filter((_, i) => rows[0]![`bad${i}`]! > 0)
  notes.push(
    `${file.name} has values of different types${first.row === undefined ? '' : `, the first in row ${first.row}`}${mixed.length > 0 ? `: ${listed(mixed.map((column) => column.name))} cannot be read as numbers throughout` : ''}`,
  )
  return new Map(numbers.filter((column) => !mixed.includes(column)).map((column) => [column.name, plain(column.type)]))
}
