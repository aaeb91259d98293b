import type { SourceTable } from '../../contracts/source.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { columnType } from '../curation/engine-column.ts'
import { quoteName, quoteText } from '../expression/sql-text.ts'

/**
 * The engine remembers how many rows a file has, and after a join that skips rows it remembers too few (seen with
 * 26.7): counts are what this domain checks itself by, so they are read from the file.
 */
export const readSettings = { use_cache_for_count_from_files: 0 }

/** Writes a file anew each time, so that the statement may run twice. */
export const writeSettings = {
  ...readSettings,
  engine_file_truncate_on_insert: 1,
  output_format_parquet_string_as_string: 1,
}

/** A copy is read once and thrown away. */
const quickSettings = { ...writeSettings, output_format_parquet_compression_method: 'lz4' }

/**
 * Copies a source's rows (those for which `where` holds) to a Parquet file, in the order in which they come, numbered
 * from `offset`. What cannot be read is marked, not left out.
 */
export async function stage(
  engine: EventsStore,
  table: SourceTable,
  file: string,
  { where, offset = 0, signal }: { where?: string | undefined; offset?: number; signal?: AbortSignal | undefined } = {},
): Promise<void> {
  const scalar = (type: string) => columnType(type) !== 'text' || /String|Enum|UUID|IPv/.test(type)
  const columns = table.columns.map(({ name, type }) => {
    const sql = `s.${quoteName(name)}`
    return `${scalar(type) && !/^(Array|Tuple|Map|Nested)/.test(type) ? sql : `toJSONString(${sql})`} AS ${quoteName(name)}`
  })
  const faults = (table.unreadable ?? []).flatMap(({ when, value }, i) => [
    `toUInt8(ifNull(${when}, false)) AS __fault${i}`,
    `if(ifNull(${when}, false), toString(${value ?? "''"}), NULL) AS __value${i}`,
  ])
  const position = table.rowNumber ?? 'rowNumberInAllBlocks()'
  const condition = where ? ` WHERE ${where}` : ''
  const selected = [...columns, ...faults, `toUInt64(${position}) + ${offset} AS __row`].join(', ')
  await engine.command(
    `INSERT INTO FUNCTION file(${quoteText(file)}, Parquet) SELECT ${selected} FROM ${table.sql} AS s${condition}`,
    table.params,
    {
      settings: { ...table.settings, ...quickSettings, max_threads: 1 },
      repeatable: true,
      ...(signal ? { signal } : {}),
    },
  )
}

/** The table on one or more copies, one after the other, of each the rows under its condition; a column that a copy lacks is missing there. */
export async function staged(
  engine: EventsStore,
  table: SourceTable,
  files: readonly string[],
  conditions: readonly (string | undefined)[] = [],
): Promise<SourceTable & { rowNumber: string }> {
  const params = Object.fromEntries(files.map((file, i) => [`copy${i}`, file]))
  const names = [
    ...table.columns.map(({ name }) => name),
    ...(table.unreadable ?? []).flatMap((_, i) => [`__fault${i}`, `__value${i}`]),
    '__row',
  ]
  const types = new Map<string, string>()
  const selects: string[] = []
  for (const i of files.keys()) {
    const copy = `file({copy${i}:String}, Parquet)`
    const found = await engine.query<{ name: string; type: string }>(`DESCRIBE TABLE ${copy}`, params)
    for (const { name, type } of found) types.set(name, type)
    const has = new Set(found.map(({ name }) => name))
    selects.push(
      `SELECT ${names.map((name) => (has.has(name) ? quoteName(name) : `NULL AS ${quoteName(name)}`)).join(', ')} FROM ${copy}${conditions[i] ? ` WHERE ${conditions[i]}` : ''}`,
    )
  }
  return {
    sql: files.length === 1 && !conditions[0] ? 'file({copy0:String}, Parquet)' : `(${selects.join(' UNION ALL ')})`,
    params,
    columns: table.columns.map(({ name }) => ({ name, type: types.get(name) ?? 'Nullable(String)' })),
    ...(table.types ? { types: table.types } : {}),
    unreadable: (table.unreadable ?? []).map(({ reason }, i) => ({
      when: `s.__fault${i} = 1`,
      reason,
      value: `s.__value${i}`,
    })),
    rowNumber: 's.__row',
    stable: true,
  }
}
