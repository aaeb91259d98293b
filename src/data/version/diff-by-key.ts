import type { Column } from '../../contracts/column.ts'
import { KedgeError } from '../../errors.ts'
import { quoteName, quoteText } from '../expression/sql-text.ts'
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

/**
 * Compares the rows of two tables that do not share them, by key; `file` is for the keys that differ, and is whose caller
 * removes it. Errors: `invalid_input` for a key that one lacks.
 */
export async function diffByKey(
  engine: RunEngine,
  columns: readonly Column[],
  by: readonly string[],
  tables: { a: string | undefined; b: string | undefined },
  file: string,
): Promise<KeyedDiff> {
  const absent = by.find((name) => !columns.some((column) => column.name === name))
  if (absent !== undefined)
    throw new KedgeError('invalid_input', { what: `Both versions need the key column ${absent}` })
  const none = { by: [...by], added: 0, removed: 0, changed: 0, repeated: 0, columns: {}, examples: [] }
  if (tables.a === undefined && tables.b === undefined) return none
  const keys = by.map((_, i) => `k${i}`).join(', ')
  const named = by.map((name, i) => `r.${quoteName(name)} AS k${i}`).join(', ')
  const others = columns.filter(({ name }) => !by.includes(name))
  const sides = (['a', 'b'] as const).flatMap((side, i) =>
    tables[side] === undefined
      ? []
      : [`SELECT ${named}, ${hashOf(others)} AS v, toUInt8(${i}) AS side FROM ${tables[side]} AS r`],
  )
  const differing = `file(${quoteText(file)}, Native)`
  await engine.command(
    `INSERT INTO FUNCTION ${differing} SELECT ${keys}, countIf(side = 0) AS na, countIf(side = 1) AS nb, na = 1 AND nb = 1 AS changed FROM (${sides.join(' UNION ALL ')}) GROUP BY ${keys} HAVING na != 1 OR nb != 1 OR min(v) != max(v)`,
  )
  const [row] = await engine.query<{ added: number; removed: number; changed: number; repeated: number }>(
    `SELECT sumIf(nb, na = 0) AS added, sumIf(na, nb = 0) AS removed, countIf(changed) AS changed, countIf(na > 1 OR nb > 1) AS repeated FROM ${differing}`,
  )
  const counts = {
    added: Number(row?.added ?? 0),
    removed: Number(row?.removed ?? 0),
    changed: Number(row?.changed ?? 0),
    repeated: Number(row?.repeated ?? 0),
  }
  const examples: KeyedDiff['examples'] = []
  for (const [kind, where] of [
    ['added', 'na = 0'],
    ['removed', 'nb = 0'],
    ['changed', 'changed'],
  ] as const)
    if (counts[kind] > 0)
      for (const one of await engine.query<Record<string, unknown>>(
        `SELECT ${by.map((_, i) => `toString(k${i}) AS k${i}`).join(', ')} FROM ${differing} WHERE ${where} ORDER BY ${keys} LIMIT ${shown}`,
      ))
        examples.push({ kind, key: Object.fromEntries(by.map((name, i) => [name, one[`k${i}`]])) })
  return {
    by: [...by],
    ...counts,
    columns: await changedColumns(engine, { by, keys, named, others, differing, changed: counts.changed }, tables),
    examples,
  }
}

/** SQL (over `r`) of a number that is equal for rows with equal values, and hardly ever for others. */
export const hashOf = (columns: readonly Column[]): string =>
  columns.length === 0
    ? 'toUInt64(0)'
    : `cityHash64(${columns.map(({ name }) => `tuple(r.${quoteName(name)})`).join(', ')})`

async function changedColumns(
  engine: RunEngine,
  {
    by,
    keys,
    named,
    others,
    differing,
    changed,
  }: {
    by: readonly string[]
    keys: string
    named: string
    others: readonly Column[]
    differing: string
    changed: number
  },
  tables: { a: string | undefined; b: string | undefined },
): Promise<Record<string, number> | null> {
  if (changed === 0) return {}
  if (changed > mostLookedAt) return null
  const values = others.map(({ name }, i) => `r.${quoteName(name)} AS c${i}`).join(', ')
  const side = (table: string) =>
    `SELECT ${named}, ${values} FROM ${table} AS r WHERE (${by.map((name) => `r.${quoteName(name)}`).join(', ')}) IN (SELECT ${keys} FROM ${differing} WHERE changed)`
  // of the two rows of a key, a column is the same when both have one value, or none
  const differs = others.map((_, i) => `uniqExact(c${i}) + toUInt8(count(c${i}) = 1) > 1 AS d${i}`).join(', ')
  const [row] = await engine.query<Record<string, number>>(
    `SELECT ${others.map((_, i) => `countIf(d${i}) AS n${i}`).join(', ')} FROM (SELECT ${differs} FROM (${side(tables.a!)} UNION ALL ${side(tables.b!)}) GROUP BY ${keys})`,
  )
  return Object.fromEntries(
    others.map(({ name }, i) => [name, Number(row?.[`n${i}`] ?? 0)] as const).filter(([, n]) => n !== 0),
  )
}
