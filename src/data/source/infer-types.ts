import type { Column, ColumnType } from '../../contracts/column.ts'
import { convert } from '../expression/conversion.ts'
import { quoteName } from '../expression/sql-text.ts'

type Query = <T>(sql: string) => Promise<T[]>

const sample = 20_000
/** A column has the type that nearly all of its values have: the few that do not are quarantined, not a reason to give up. */
const nearlyAll = 0.95

const candidates: { type: ColumnType; form: string }[] = [
  { type: 'bool', form: '^(?i)(true|false)$' },
  // a leading zero is part of a code, such as a postcode
  { type: 'int', form: '^[+-]?(0|[1-9]\\\\d{0,18})$' },
  { type: 'float', form: '^[+-]?(0|[1-9]\\\\d*)?(\\\\.\\\\d*)?([eE][+-]?\\\\d+)?$' },
  { type: 'date', form: '^\\\\d{4}-\\\\d{2}-\\\\d{2}$' },
  { type: 'time', form: '^\\\\d{4}-\\\\d{2}-\\\\d{2}[T ]\\\\d{2}:\\\\d{2}' },
]

/** Finds the types of text columns by looking at the first 20,000 rows of `from` (a table expression). */
export async function inferTypes(query: Query, from: string, names: readonly string[]): Promise<Column[]> {
  const counts = names.flatMap((name, i) => {
    const sql = `trimBoth(toValidUTF8(s.${quoteName(name)}))`
    const fits = candidates.map(
      ({ type, form }, j) =>
        `countIf(match(${sql}, '${form}') AND ${convert(sql, 'text', type)} IS NOT NULL) AS c${i}_${j}`,
    )
    return [`countIf(s.${quoteName(name)} != '') AS c${i}`, ...fits]
  })
  const [row] = await query<Record<string, number>>(
    `SELECT ${counts.join(', ')} FROM (SELECT * FROM ${from} LIMIT ${sample}) AS s`,
  )
  return names.map((name, i) => {
    const values = Number(row?.[`c${i}`] ?? 0)
    const found = values === 0 ? undefined : candidates.find((_, j) => Number(row![`c${i}_${j}`]) >= values * nearlyAll)
    return { name, type: found?.type ?? 'text' }
  })
}
