import { sketchKey } from '../storage/events/sketch-key.ts'
import type { ColumnKind } from './comparison.ts'

/** A column as one side's file has it, and what it is to be compared as. */
export interface ScannedColumn {
  name: string
  /** of the engine, in this file */
  type: string
  kind: ColumnKind
  /** it is a text that should be numbers */
  parsed: boolean
}

/** Categories up to this many are told apart; a column with more is compared by the lengths of its texts. */
export const MOST_CATEGORIES = 1000
/** Values that the engine follows at once: up to here counts are exact. */
const FOLLOWED = 4 * MOST_CATEGORIES
/** Characters of a category that are kept. */
export const LONGEST_CATEGORY = 200

export const quoteName = (name: string): string => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``

/** Which of `chunks` equally long stretches of the file a row lies in. */
export const chunkOf = (rows: number, chunks: number): string =>
  `toUInt16(least(${chunks - 1}, intDiv(_row_number * ${chunks}, ${Math.max(1, rows)})))`

/** Rows of a chunk below which its keys are counted in a map: a dense array of all keys costs the same for any rows. */
const FEW_ROWS = 4000
export const isSparse = (rows: number, chunks: number): boolean => rows / chunks < FEW_ROWS

/** Pairs of a sketch's key and its count. With many rows from a dense array, which is far faster than a map. */
export const sketchCounts = (x: string, sparse: boolean, when = '1'): string =>
  sparse
    ? ofMap(`sumMapIf([${sketchKey(`if(isFinite(${x}), ${x}, 0)`)}], [toUInt64(1)], isFinite(${x}) AND ${when})`)
    : `arrayFilter(bin -> bin.2 > 0, arrayZip(range(-4001, 4002), countResample(-4001, 4002, 1)(1, if(isFinite(${x}) AND ${when}, ${sketchKey(x)}, -5000))))`

const ofMap = (sums: string) => `arrayZip(tupleElement(${sums}, 1), tupleElement(${sums}, 2))`

/** A column as a Float64, NaN where it has no number. */
export const numberOf = ({ name, parsed }: Pick<ScannedColumn, 'name' | 'parsed'>): string =>
  parsed ? `ifNull(toFloat64OrNull(toString(${quoteName(name)})), nan)` : `ifNull(toFloat64(${quoteName(name)}), nan)`

/** Moments, range and sketch of a number; `x` is NaN where there is none. */
const moments = (x: string, i: number, sparse: boolean): string[] => [
  `countIf(isFinite(${x})) AS finite${i}`,
  `sumIf(${x}, isFinite(${x})) AS sum${i}`,
  `ifNull(varPopStableIf(${x}, isFinite(${x})), 0) * finite${i} AS centred${i}`,
  `minIf(${x}, isFinite(${x})) AS low${i}`,
  `maxIf(${x}, isFinite(${x})) AS high${i}`,
  `${sketchCounts(x, sparse)} AS sketch${i}`,
]

function aggregates(column: ScannedColumn, i: number, sparse: boolean): string[] {
  const q = quoteName(column.name)
  const basics = [`count(${q}) AS n${i}`]
  if (column.kind === 'other') return basics
  if (column.kind === 'time') return [...basics, `toString(min(${q})) AS first${i}`, `toString(max(${q})) AS last${i}`]
  const distinct = `uniqCombined(${q}) AS distinct${i}`
  if (column.kind === 'number') {
    const x = numberOf(column)
    const unread = column.parsed
      ? `countIf(${q} IS NOT NULL AND toString(${q}) != '' AND toFloat64OrNull(toString(${q})) IS NULL)`
      : '0'
    return [...basics, distinct, `${unread} AS unread${i}`, ...moments(x, i, sparse)]
  }
  const text = column.type === 'String' ? q : `toString(${q})`
  if (column.kind === 'text')
    return [...basics, distinct, ...moments(`ifNull(toFloat64(lengthUTF8(${text})), nan)`, i, sparse)]
  return [
    ...basics,
    `arrayMap(t -> (leftUTF8(toValidUTF8(assumeNotNull(t.1)), ${LONGEST_CATEGORY}), t.2), approx_top_count(${MOST_CATEGORIES + 1}, ${FOLLOWED})(${text})) AS top${i}`,
  ]
}

/** Profiles of some columns in every chunk, and of the whole as totals, in one scan. */
export const chunkStatement = (
  table: { sql: string; rows: number },
  chunks: number,
  columns: readonly ScannedColumn[],
): string =>
  `SELECT ${[`${chunkOf(table.rows, chunks)} AS chunk`, 'count() AS rows', ...columns.flatMap((column, i) => aggregates(column, i, isSparse(table.rows, chunks)))].join(', ')} FROM ${table.sql} GROUP BY chunk WITH TOTALS`
