import type { EventsStore } from '../../storage/events/events-store.ts'
import { quoteName, quoteText } from '../expression/sql-text.ts'
import { readSettings, writeSettings } from '../source/stage.ts'

/** Columns of a dead letter, in the order of its cells after the time of receipt. */
export const deadColumns = ['place', 'topic', 'reason', 'columns', 'payload'] as const

const lineSettings = {
  input_format_json_compact_allow_variable_number_of_columns: 1,
  input_format_json_read_numbers_as_strings: 1,
  input_format_json_read_bools_as_strings: 1,
  input_format_parallel_parsing: 0,
  max_threads: 1,
}

/** A table over Parquet files of batches; a column that a file lacks is missing there. */
export function batchTable(files: readonly string[], columns: readonly string[]): string {
  const types = [
    '`_sequence` Int64',
    "`_received_at` DateTime64(3, 'UTC')",
    ...columns.map((name) => `${quoteName(name)} Nullable(String)`),
  ]
  const structure = quoteText(types.join(', '))
  const tables = files.map((file) => `file(${quoteText(file)}, Parquet, ${structure})`)
  // not one pattern for all: a file that is missing would be passed over
  return tables.length === 1 ? tables[0]! : `(${tables.map((table) => `SELECT * FROM ${table}`).join(' UNION ALL ')})`
}

const parquet = (file: string) => `file(${quoteText(file)}, Parquet)`
const compressed = { output_format_parquet_compression_method: 'zstd' }

/** What lines of cells (zstd) are read as: numbered from `first`, columns by place, as names may be anything. */
function readLines(lines: string, first: number, columns: readonly string[]) {
  const types = ['`t` Int64', ...columns.map((_, i) => `\`c${i}\` Nullable(String)`)].join(', ')
  const selected = [
    `toInt64(rowNumberInAllBlocks() + ${first}) AS \`_sequence\``,
    "fromUnixTimestamp64Milli(t, 'UTC') AS `_received_at`",
    ...columns.map((name, i) => `c${i} AS ${quoteName(name)}`),
  ]
  return `SELECT ${selected.join(', ')} FROM file(${quoteText(lines)}, JSONCompactEachRow, ${quoteText(types)}, 'zstd')`
}

/** A table over lines of cells (zstd) that are in no micro-batch yet. */
export const chunkTable = (lines: string, first: number, columns: readonly string[]): string =>
  `(${readLines(lines, first, columns)} SETTINGS ${Object.entries(lineSettings)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ')})`

/** Writes lines of cells (zstd) to a Parquet file, numbered from `first`. Gives how many rows the file has. */
export async function writeBatch(
  engine: EventsStore,
  lines: string,
  file: string,
  first: number,
  columns: readonly string[],
): Promise<number> {
  await engine.command(`INSERT INTO FUNCTION ${parquet(file)} ${readLines(lines, first, columns)}`, undefined, {
    settings: { ...writeSettings, ...compressed, ...lineSettings },
    repeatable: true,
  })
  return countRows(engine, file)
}

/** Writes the rows of several batches to one file, in their order. Gives how many rows it has. */
export async function mergeBatches(
  engine: EventsStore,
  files: readonly string[],
  file: string,
  columns: readonly string[],
): Promise<number> {
  await engine.command(
    `INSERT INTO FUNCTION ${parquet(file)} SELECT * FROM ${batchTable(files, columns)} ORDER BY \`_sequence\``,
    undefined,
    { settings: { ...writeSettings, ...compressed, max_bytes_before_external_sort: 200_000_000 }, repeatable: true },
  )
  return countRows(engine, file)
}

async function countRows(engine: EventsStore, file: string): Promise<number> {
  const [found] = await engine.query<{ n: number }>(`SELECT count() AS n FROM ${parquet(file)}`, undefined, {
    settings: readSettings,
  })
  return Number(found?.n ?? 0)
}
