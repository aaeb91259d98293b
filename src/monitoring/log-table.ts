import { KedgeError } from '../errors.ts'
import { quote } from '../storage/events/bind-parameters.ts'
import type { EventsSettings, EventsStore } from '../storage/events/events-store.ts'
import { type ColumnPlan, type FileColumn, isNumber, isTime, plainType } from './log-columns.ts'
import type { ExternalEndpointSpec } from './log-endpoint-spec.ts'

export const fileFormats = ['parquet', 'csv', 'jsonl', 'arrow'] as const
export type FileFormat = (typeof fileFormats)[number]

const engineFormat: Record<Exclude<FileFormat, 'parquet'>, string> = {
  csv: 'CSVWithNames',
  jsonl: 'JSONEachRow',
  arrow: 'ArrowStream',
}

const readSettings = {
  use_cache_for_count_from_files: 0,
  date_time_input_format: 'best_effort',
  input_format_try_infer_datetimes: 1,
  // as many rows as a wrong guess would cost
  input_format_max_rows_to_read_for_schema_inference: 100_000,
  input_format_csv_empty_as_default: 1,
  input_format_json_read_bools_as_strings: 0,
}
const writeSettings = {
  ...readSettings,
  engine_file_truncate_on_insert: 1,
  output_format_parquet_compression_method: 'lz4',
  output_format_parquet_string_as_string: 1,
  // the rows keep their order, so that a message names the right one
  max_insert_threads: 1,
  parallelize_output_from_storages: 0,
}
/** Types of columns from the first rows, and as many processors as there are: right for most files. */
const quickSettings = {
  ...writeSettings,
  input_format_max_rows_to_read_for_schema_inference: 1000,
  // a column that only later rows have is not to be lost
  input_format_skip_unknown_fields: 0,
  min_chunk_bytes_for_parallel_parsing: 1 << 20,
}
/** For files whose later rows are of other types, and for messages that name the row. */
const carefulSettings = { ...writeSettings, input_format_parallel_parsing: 0, max_threads: 1 }

export interface TableFile {
  /** a Parquet file of this machine */
  path: string
  columns: FileColumn[]
  rows: number
}

const table = 'file({path:String}, Parquet)'

/**
 * A file as Parquet with its rows in order. Other formats are written to `copy` as Parquet first.
 * Errors: `invalid_input` where the file cannot be read, with the row where the engine knows it.
 */
export async function openTableFile(
  engine: EventsStore,
  { path, format, copy, signal }: { path: string; format: FileFormat; copy: string; signal?: AbortSignal },
): Promise<TableFile> {
  const options = { ...(signal ? { signal } : {}) }
  try {
    if (format !== 'parquet') {
      const write = (settings: EventsSettings) =>
        engine.command(
          `INSERT INTO FUNCTION file({copy:String}, Parquet) SELECT * FROM file({path:String}, ${engineFormat[format]})`,
          { path, copy },
          { settings, repeatable: true, ...options },
        )
      await write(quickSettings).catch((error: unknown) => {
        if (!(error instanceof KedgeError) || error.class !== 'invalid') throw error
        return write(carefulSettings)
      })
    }
    const params = { path: format === 'parquet' ? path : copy }
    const columns = await engine.query<FileColumn>(`DESCRIBE TABLE ${table}`, params, {
      settings: readSettings,
      ...options,
    })
    const [counted] = await engine.query<{ rows: number }>(`SELECT count() AS rows FROM ${table}`, params, {
      settings: readSettings,
      ...options,
    })
    return { path: params.path, columns: columns.map(({ name, type }) => ({ name, type })), rows: counted!.rows }
  } catch (error) {
    if (!(error instanceof KedgeError) || error.class !== 'invalid') throw error
    throw new KedgeError(
      'invalid_input',
      { what: `The file cannot be read as ${format}: ${error.message}` },
      { places: [...error.places], cause: error },
    )
  }
}

const name = (column: FileColumn) => `t.\`${column.name.replace(/[\\`]/g, '\\$&')}\``

/** SQL of a time as `Nullable(DateTime64(3))`; a number is taken for the unit that its largest value must have. */
export function timeSql(column: FileColumn, largest: number): string {
  if (isTime(column.type)) return `CAST(toDateTime64(${name(column)}, 3, 'UTC'), 'Nullable(DateTime64(3, \\'UTC\\'))')`
  if (isNumber(column.type)) {
    const scaled = largest < 1e11 ? '* 1000' : largest < 1e14 ? '' : largest < 1e17 ? '/ 1000' : '/ 1000000'
    return `fromUnixTimestamp64Milli(toInt64(${name(column)} ${scaled}), 'UTC')`
  }
  return `parseDateTime64BestEffortOrNull(toString(${name(column)}), 3, 'UTC')`
}

/** SQL of a column as `Nullable(Float64)`; NULL where it is no finite number. */
export function numberSql(column: FileColumn): string {
  if (plainType(column.type) === 'Bool') return `toFloat64(${name(column)})`
  const value = isNumber(column.type) ? `toFloat64(${name(column)})` : `toFloat64OrNull(toString(${name(column)}))`
  return `if(isFinite(${value}), ${value}, NULL)`
}

/** SQL of a column as `String`; '' where it is null. */
export const textSql = (column: FileColumn): string => `ifNull(toString(${name(column)}), '')`

/** Value and label of an actual, as the table of actuals keeps them. */
export function actualSql(
  column: FileColumn,
  positive: ExternalEndpointSpec['positive'],
): { value: string; label: string } {
  if (positive !== undefined)
    return { value: `toFloat64(${textSql(column)} = ${quote(String(positive))})`, label: "''" }
  if (isNumber(column.type) || plainType(column.type) === 'Bool') return { value: numberSql(column), label: "''" }
  return {
    value: `toFloat64OrNull(${textSql(column)})`,
    label: `if(isNull(toFloat64OrNull(${textSql(column)})), ${textSql(column)}, '')`,
  }
}

/** SQL of a feature in a file of its own: a number, or a text that is null where it is empty. */
export const featureSql = (column: FileColumn): string =>
  isNumber(column.type) ? numberSql(column) : `nullIf(${textSql(column)}, '')`

/** A map of features as the table of predictions keeps it; those without a value are left out. */
export function featuresSql(
  plan: ColumnPlan,
  type: 'number' | 'category',
  columns: ReadonlyMap<string, FileColumn>,
): string {
  const entries = plan.features
    .filter((feature) => feature.type === type)
    .map((feature) => {
      const column = columns.get(feature.column)!
      return `(${quote(feature.name)}, ${featureSql(column)})`
    })
  const value = type === 'number' ? 'Float64' : 'String'
  const map = `Map(LowCardinality(String), ${value})`
  if (entries.length === 0) return `CAST(map(), '${map}')`
  return `CAST(arrayMap(e -> (e.1, assumeNotNull(e.2)), arrayFilter(e -> isNotNull(e.2), [${entries.join(', ')}])), '${map}')`
}

export const rowsOf = (part?: { from: number; to: number }): string =>
  part ? `${table} AS t WHERE t._row_number >= ${part.from} AND t._row_number < ${part.to}` : `${table} AS t`

export const tableSettings = readSettings
