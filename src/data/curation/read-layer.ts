import type { Column } from '../../contracts/column.ts'
import { positionBits, type Verdict } from '../../contracts/curation.ts'
import type { SourceTable } from '../../contracts/source.ts'
import { KedgeError } from '../../errors.ts'
import { convert } from '../expression/conversion.ts'
import { quoteName, quoteText } from '../expression/sql-text.ts'
import { checkNames } from './check-names.ts'
import { columnType, readFault, readValue } from './engine-column.ts'
import { asColumn } from './relation.ts'
import { type NamedVerdict, type NumberedVerdict, verdictColumns } from './verdict-columns.ts'

export interface ReadInput {
  table: SourceTable & { rowNumber: string }
  /** column of the source with the event time */
  time?: string | undefined
  /** half-open window on `time`, milliseconds since 1970 */
  window?: { from: number; to: number } | undefined
}

/** Reading: every column in Kedge's types; what cannot be read gets a verdict of step 0. */
export function readLayer(
  { table, time, window }: ReadInput,
  verdicts: (NamedVerdict | undefined)[],
): { columns: Column[]; sql: string; where: string | undefined } {
  const declared = new Map(table.types?.map(({ name, type }) => [name, type]))
  const faults: NumberedVerdict[] = []
  const fault = (found: Omit<Verdict, 'action'>) => {
    verdicts.push({ step: 0, operation: 'read', action: 'quarantine', reason: found.reason })
    faults.push({ ...found, number: verdicts.length - 1 })
  }
  for (const found of table.unreadable ?? []) fault(found)
  const columns: Column[] = []
  const selected: string[] = []
  let timeSql: string | undefined
  for (const column of table.columns) {
    const raw = readValue(column)
    const engine = columnType(column.type)
    const named = declared.get(column.name) ?? engine
    const wanted = column.name === time && named !== 'date' ? 'time' : named
    const sql = convert(raw, engine, wanted)
    const found = readFault(column)
    if (found) fault(found)
    if (wanted !== engine)
      fault({
        when: `${raw} IS NOT NULL AND ${sql} IS NULL`,
        reason: `${column.name} is not ${wanted === 'int' ? 'an int' : `a ${wanted}`}`,
        value: `toString(${raw})`,
      })
    if (column.name === time) {
      // a plain column lets the engine push the window down to the source
      timeSql = wanted === engine ? `s.${quoteName(column.name)}` : sql
      fault({ when: `${sql} IS NULL`, reason: `${column.name} is missing` })
    }
    columns.push({ name: column.name, type: wanted })
    selected.push(`${asColumn(sql, wanted)} AS ${quoteName(column.name)}`)
  }
  checkNames(
    columns.map(({ name }) => name),
    'source',
  )
  if (time !== undefined && timeSql === undefined)
    throw new KedgeError('invalid_input', {
      what: `time: the source has no column ${time} (it has ${columns
        .map(({ name }) => name)
        .slice(0, 20)
        .join(', ')})`,
    })
  const where = timeSql && window ? windowCondition(timeSql, window) : undefined
  const state = verdictColumns(faults, undefined)
  const all = [
    ...selected,
    `bitShiftLeft(toUInt64(${table.rowNumber}), ${positionBits.place}) AS __row`,
    ...state,
  ].join(', ')
  return { columns, where, sql: `SELECT ${all} FROM ${table.sql} AS s${where ? ` WHERE ${where}` : ''}` }
}

/** Rows of the window, and those whose time is missing: they belong to none, and must not vanish. */
export const windowCondition = (sql: string, { from, to }: { from: number; to: number }): string => {
  const bound = (ms: number) =>
    `toDateTime64(${quoteText(new Date(ms).toISOString().replace('T', ' ').replace('Z', ''))}, 3, 'UTC')`
  return `((${sql} >= ${bound(from)} AND ${sql} < ${bound(to)}) OR ${sql} IS NULL)`
}
