import { sql } from 'kysely'
import type { Environment } from '../environment.ts'
import { type RunField, runField } from './run-field.ts'
import { fromStored } from './stored-value.ts'

type Cell = string | number | null

const tables = { metric: 'metric_series', param: 'run_params', tag: 'run_tags' } as const

/**
 * The values of some columns in some runs: a tile of a table that is too wide to be read as a whole. Gives for each run
 * its values in the order of `fields`; null where it has none. Runs that do not exist are left out.
 */
export async function readRunCells(
  { store }: Pick<Environment, 'store'>,
  project: string,
  ids: readonly string[],
  fields: readonly string[],
): Promise<Map<string, Cell[]>> {
  if (ids.length === 0) return new Map()
  const runs = await store.read
    .selectFrom('runs')
    .select(['id', 'number'])
    .where('project', '=', project)
    .where('id', 'in', [...ids])
    .execute()
  const cells = new Map(runs.map((run) => [Number(run.number), new Array<Cell>(fields.length).fill(null)]))
  const places = new Map<RunField['kind'], Map<string, number>>()
  for (const [at, field] of fields.map(runField).entries()) {
    const own = places.get(field.kind) ?? new Map<string, number>()
    places.set(field.kind, own.set(field.key, at))
  }
  const numbers = [...cells.keys()]
  for (const kind of ['metric', 'param', 'tag'] as const) {
    const keys = places.get(kind)
    if (!keys || numbers.length === 0) continue
    const { rows } = await sql<{ run: number; key: string; value: string | number }>`
      select run, key, value from ${sql.table(tables[kind])}
      where run in (${sql.join(numbers)}) and key in (${sql.join([...keys.keys()])})`.execute(store.read)
    for (const { run, key, value } of rows)
      cells.get(Number(run))![keys.get(key)!] = typeof value === 'number' ? fromStored(value) : value
  }
  return new Map(runs.map((run) => [run.id, cells.get(Number(run.number))!]))
}
