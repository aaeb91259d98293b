import type { SourceTable } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { columnType } from '../curation/engine-column.ts'
import { quoteName, quoteText } from '../expression/sql-text.ts'
import { staged, writeSettings } from '../source/stage.ts'

/** The engine's type of a column without its wrappings. */
export const bareType = (type: string): string => type.replace(/^(?:Nullable|LowCardinality)\((.*)\)$/s, '$1')

/**
 * The value from which rows are read again, for a source whose rows may come late: the last one less `lag`, as text.
 * Errors: `invalid_input` for a column that nothing can be taken from.
 */
export async function valueBefore(
  engine: EventsStore,
  source: string,
  column: { name: string; type: string },
  last: string,
  lag: number,
): Promise<string> {
  if (lag === 0) return last
  const type = bareType(column.type)
  const value = `CAST(${quoteText(last)}, ${quoteText(type)})`
  const before = () => {
    switch (columnType(type)) {
      case 'time':
        return type.startsWith('DateTime64')
          ? `${value} - toIntervalMillisecond(${Math.ceil(lag * 1000)})`
          : `${value} - toIntervalSecond(${Math.ceil(lag)})`
      case 'date':
        return `${value} - toIntervalDay(${Math.ceil(lag / 86_400)})`
      case 'int':
        return type.startsWith('U')
          ? `if(${value} > ${Math.ceil(lag)}, ${value} - ${Math.ceil(lag)}, 0)`
          : `${value} - ${Math.ceil(lag)}`
      case 'float':
        return `${value} - ${lag}`
      default:
        throw new KedgeError('invalid_input', {
          what: `The source ${source} declares lag, and its column ${column.name} is neither a number nor a time`,
        })
    }
  }
  const [found] = await engine.query<{ value: string }>(`SELECT toString(${before()}) AS value`)
  return found!.value
}

export interface KnownRows {
  engine: EventsStore
  table: SourceTable
  column: { name: string; type: string }
  /** rows with this value and larger ones were read again */
  from: string
  /** batches that were pulled before: paths, and the largest value up to each */
  batches: readonly { path: string; cursor: string }[]
}

/**
 * Writes the rows of `file` that no earlier batch has to `to`, numbered from `offset`. A row is known by its key, where
 * the source has one; else by all the values that both sides have a column for, and as often as it was there.
 */
export async function withoutKnown(
  { engine, table, column, from, batches }: KnownRows,
  file: string,
  to: string,
  offset: number,
): Promise<void> {
  const bound = (text: string) => `CAST(${quoteText(text)}, ${quoteText(bareType(column.type))})`
  // what ends before has none of these rows, and may lack columns that came later
  const [reaching] = await engine.query<{ reaches: number[] }>(
    `SELECT [${batches.map(({ cursor }) => `toUInt8(${bound(cursor)} >= ${bound(from)})`).join(', ')}] AS reaches`,
  )
  const paths = batches.filter((_, i) => reaching!.reaches[i] === 1).map(({ path }) => path)
  const before = await staged(engine, table, paths)
  const shared = table.key ?? (await sharedColumns(engine, table, paths))
  const digest = `sipHash128(${shared.map((name) => `isNull(${quoteName(name)}), ifNull(toString(${quoteName(name)}), '')`).join(', ')})`
  // nothing larger than that is known
  const last = batches.at(-1)!.cursor
  const oldRows = `SELECT * FROM ${before.sql} WHERE ${quoteName(column.name)} >= ${bound(from)}`
  const nth = (rows: string) =>
    `SELECT *, ${digest} AS __digest, ${table.key ? '1' : 'row_number() OVER (PARTITION BY __digest)'} AS __nth FROM (${rows})`
  const value = quoteName(column.name)
  const read = (condition: string) =>
    `SELECT * FROM file({__new:String}, Parquet) WHERE ${value} ${condition} ${bound(last)}`
  await engine.command(
    `INSERT INTO FUNCTION file(${quoteText(to)}, Parquet)
     SELECT * EXCEPT (__row), toUInt64(rowNumberInAllBlocks()) + ${offset} AS __row FROM (
       SELECT * FROM (${read('>')} UNION ALL
         SELECT * EXCEPT (__digest, __nth) FROM (${nth(read('<='))})
         WHERE (__digest, __nth) NOT IN (SELECT __digest, __nth FROM (${nth(oldRows)}))) ORDER BY __row)`,
    { ...before.params, __new: file },
    { settings: { ...writeSettings, max_threads: 1, max_bytes_before_external_sort: 200_000_000 }, repeatable: true },
  )
}

async function sharedColumns(engine: EventsStore, table: SourceTable, files: readonly string[]): Promise<string[]> {
  let shared = table.columns.map(({ name }) => name)
  for (const file of files) {
    const found = await engine.query<{ name: string }>('DESCRIBE TABLE file({file:String}, Parquet)', { file })
    shared = shared.filter((name) => found.some((column) => column.name === name))
  }
  return shared
}
