import type { Column } from '../../contracts/column.ts'
import { keyOf } from '../../contracts/curation.ts'
import { KedgeError } from '../../errors.ts'
import { quoteName } from '../expression/sql-text.ts'
import type { RunEngine } from './run-engine.ts'

export interface KeyedDiff {
  by: string[]
  added: number
  removed: number
  /** rows of the same key with another value in a common column */
  changed: number
  /** keys that stand more than once in one of the versions; such rows are not told apart */
  repeated: number
  /** how many changed rows differ in each column; null when there are too many to look at */
  columns: Record<string, number> | null
  examples: { kind: 'added' | 'removed' | 'changed'; key: Record<string, unknown> }[]
}

/** More changed rows than this are only counted. */
const mostLookedAt = 200_000
const shown = 10

/** Compares the rows of two tables that do not share them, by key. Errors: `invalid_input` for a key that one lacks. */
export async function diffByKey(
  engine: RunEngine,
  columns: readonly Column[],
  by: readonly string[],
  tables: { a: string | undefined; b: string | undefined },
): Promise<KeyedDiff> {
  const absent = by.find((name) => !columns.some((column) => column.name === name))
  if (absent !== undefined)
    throw new KedgeError('invalid_input', { what: `Both versions need the key column ${absent}` })
  const none = { by: [...by], added: 0, removed: 0, changed: 0, repeated: 0, columns: {}, examples: [] }
  if (tables.a === undefined && tables.b === undefined) return none
  const key = keyOf(by.map(quoteName))
  const others = columns.filter(({ name }) => !by.includes(name))
  const values = others.length === 0 ? "''" : keyOf(others.map(({ name }) => quoteName(name)))
  const sides = (['a', 'b'] as const).flatMap((side, i) =>
    tables[side] === undefined ? [] : [`SELECT ${key} AS k, ${values} AS v, ${i} AS side FROM ${tables[side]}`],
  )
  const grouped = `SELECT k, countIf(side = 0) AS na, countIf(side = 1) AS nb, na = 1 AND nb = 1 AND min(v) != max(v) AS differs FROM (${sides.join(' UNION ALL ')}) GROUP BY k`
  const [row] = await engine.query<{ added: number; removed: number; changed: number; repeated: number }>(
    `SELECT sumIf(nb, na = 0) AS added, sumIf(na, nb = 0) AS removed, countIf(differs) AS changed, countIf(na > 1 OR nb > 1) AS repeated FROM (${grouped})`,
  )
  const counts = {
    added: Number(row?.added ?? 0),
    removed: Number(row?.removed ?? 0),
    changed: Number(row?.changed ?? 0),
    repeated: Number(row?.repeated ?? 0),
  }
  const example = async (kind: 'added' | 'removed' | 'changed', where: string, table: string | undefined) =>
    table === undefined || counts[kind] === 0
      ? []
      : (
          await engine.query<Record<string, unknown>>(
            `SELECT ${by.map((name, i) => `toString(${quoteName(name)}) AS k${i}`).join(', ')} FROM ${table} WHERE ${key} IN (SELECT k FROM (${grouped}) WHERE ${where} LIMIT ${shown}) LIMIT ${shown}`,
          )
        ).map((one) => ({ kind, key: Object.fromEntries(by.map((name, i) => [name, one[`k${i}`]])) }))
  return {
    by: [...by],
    ...counts,
    columns: await changedColumns(engine, { key, others, grouped, changed: counts.changed }, tables),
    examples: [
      ...(await example('added', 'na = 0', tables.b)),
      ...(await example('removed', 'nb = 0', tables.a)),
      ...(await example('changed', 'differs', tables.b)),
    ],
  }
}

async function changedColumns(
  engine: RunEngine,
  { key, others, grouped, changed }: { key: string; others: readonly Column[]; grouped: string; changed: number },
  tables: { a: string | undefined; b: string | undefined },
): Promise<Record<string, number> | null> {
  if (changed === 0) return {}
  if (changed > mostLookedAt) return null
  const side = (table: string) =>
    `(SELECT ${[`${key} AS k`, ...others.map(({ name }, i) => `${quoteName(name)} AS c${i}`)].join(', ')} FROM ${table} WHERE k IN (SELECT k FROM (${grouped}) WHERE differs))`
  const [row] = await engine.query<Record<string, number>>(
    `SELECT ${others.map((_, i) => `countIf(isNull(a.c${i}) != isNull(b.c${i}) OR ifNull(a.c${i} != b.c${i}, false)) AS n${i}`).join(', ')} FROM ${side(tables.a!)} AS a INNER JOIN ${side(tables.b!)} AS b ON a.k = b.k`,
  )
  return Object.fromEntries(others.map(({ name }, i) => [name, Number(row?.[`n${i}`] ?? 0)]).filter(([, n]) => n !== 0))
}
