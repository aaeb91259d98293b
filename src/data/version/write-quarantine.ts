import type { SourceTable } from '../../contracts/source.ts'
import { ofPosition, type Pipeline } from '../curation/compile-curation.ts'
import { notUtf8, quarantineValue, readFault } from '../curation/engine-column.ts'
import { quoteName, quoteText } from '../expression/sql-text.ts'
import type { JudgedRows } from './judged-rows.ts'
import type { RunEngine } from './run-engine.ts'

/**
 * The quarantined rows as their source gave them, with the step, the reason and the value at fault; rows that a step has
 * added from another dataset have its name in `_from`, and its values as text in the columns of the same name. Where some
 * are no valid UTF-8, `_bytes` has the original bytes of these, as JSON: column → hex.
 */
export async function writeQuarantine(
  engine: RunEngine,
  {
    pipeline,
    table,
    judged,
    withBytes,
    target,
  }: {
    pipeline: Pipeline
    table: SourceTable & { rowNumber: string }
    judged: JudgedRows
    /** some values cannot be written as they are */
    withBytes: boolean
    target: string
  },
): Promise<void> {
  const numbers = pipeline.verdicts.flatMap((verdict, number) => (verdict?.action === 'quarantine' ? [number] : []))
  const texts = (pick: (verdict: NonNullable<Pipeline['verdicts'][number]>) => string) =>
    `[${numbers.map((number) => quoteText(pick(pipeline.verdicts[number]!))).join(', ')}]`
  const index = `indexOf([${numbers.join(', ')}], j.__verdict)`
  const details = (from: string, bytes: string) => [
    `j.__place AS _row`,
    `[${numbers.map((number) => pipeline.verdicts[number]!.step).join(', ')}][${index}] AS _step`,
    `${texts((verdict) => verdict.operation)}[${index}] AS _operation`,
    `${texts((verdict) => verdict.reason)}[${index}] AS _reason`,
    'j.__value AS _value',
    ...(pipeline.added.length > 0 ? [`CAST(${from}, 'Nullable(String)') AS _from`] : []),
    ...(withBytes ? [`CAST(${bytes}, 'Nullable(String)') AS _bytes`] : []),
    'j.__row AS __row',
  ]
  const left = (origin: number) =>
    `(SELECT __row, __verdict, __value, ${ofPosition.place('__row')} AS __place FROM ${judged.all} WHERE __verdict IN (${numbers.join(', ')}) AND ${ofPosition.step('__row')} = ${origin}) AS j`
  const values = table.columns.map((column) => `${quarantineValue(column)} AS ${quoteName(column.name)}`)
  // the quarantine is the small side, so it is the one that is kept in memory
  const own = `SELECT ${[...values, ...details('NULL', originalBytes(table.columns))].join(', ')} FROM (SELECT *, toUInt64(${table.rowNumber}) AS __position FROM ${table.sql} AS s) AS s INNER JOIN ${left(0)} ON s.__position = j.__place`
  const others = pipeline.added.map(({ step, rows }) => {
    const shown = table.columns.map(({ name }) => {
      const found = rows.columns.some((one) => one.name === name)
      return `${found ? `toString(s.${quoteName(name)})` : 'NULL'} AS ${quoteName(name)}`
    })
    return `SELECT ${[...shown, ...details(quoteText(`${rows.dataset}@${rows.version}`), 'NULL')].join(', ')} FROM ${rows.sql} AS s INNER JOIN ${left(step)} ON s.__position = j.__place`
  })
  // with rows of other tables every value is text, since a column's type may differ there
  const ownAsText = `SELECT ${table.columns.map(({ name }) => `toString(${quoteName(name)}) AS ${quoteName(name)}`).join(', ')}, * EXCEPT (${table.columns.map(({ name }) => quoteName(name)).join(', ')}) FROM (${own})`
  const all = others.length === 0 ? own : [ownAsText, ...others].join(' UNION ALL ')
  await engine.command(
    `INSERT INTO FUNCTION file(${quoteText(target)}, Parquet) SELECT * EXCEPT (__row) FROM (${all}) ORDER BY __row`,
    pipeline.params,
    pipeline.settings,
  )
}

/** SQL (over `s`) of the bytes of texts that are no valid UTF-8; null when all are. */
function originalBytes(columns: SourceTable['columns']): string {
  const texts = columns.filter((column) => readFault(column)?.reason === notUtf8(column.name))
  if (texts.length === 0) return 'NULL'
  const found = texts.map(({ name }) => {
    const value = `ifNull(s.${quoteName(name)}, '')`
    return `(${quoteText(name)}, if(isValidUTF8(${value}), '', hex(${value})))`
  })
  const invalid = `arrayFilter(t -> t.2 != '', [${found.join(', ')}])`
  return `if(empty(${invalid}), NULL, toJSONString(mapFromArrays(arrayMap(t -> t.1, ${invalid}), arrayMap(t -> t.2, ${invalid}))))`
}
