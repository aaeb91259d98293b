import { setImmediate } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Environment } from '../environment.ts'
import { runField } from './run-field.ts'
import { runAttributes } from './run-fields.ts'

export interface RunColumn {
  kind: 'metric' | 'param' | 'tag'
  key: string
  /** how many runs have it */
  runs: number
}

interface Count {
  at: number
  totals: Map<string, RunColumn>
  complete: boolean
  first: Promise<void>
}

const tables = { metric: 'metric_series', param: 'run_params', tag: 'run_tags' } as const
/** runs that are counted before other requests get their turn */
const slice = 500
/** a count is used again for so long, milliseconds */
const fresh = 20_000
/** values are suggested from so many of the newest runs */
const newest = 5000

/** Which metrics, params and tags occur in the runs of a project, and which values they have. */
export function createRunColumns({ store, clock }: Pick<Environment, 'store' | 'clock'>) {
  const counted = new Map<string, Count>()

  /** Counts slice by slice, the newest runs first, into `totals`; `first` comes after the first slice. */
  async function count(
    project: string,
    experimentIds: readonly string[] | undefined,
    totals: Map<string, RunColumn>,
    first: () => void,
  ): Promise<void> {
    if (experimentIds?.length === 0) return
    const where = sql`r.project = ${project} and r.state = 'active'${
      experimentIds
        ? sql` and r.experiment in (select number from experiments where project = ${project} and id in (${sql.join(experimentIds)}))`
        : sql``
    }`
    const { rows: ends } = await sql<{ least: number | null; most: number | null }>`
      select min(r.number) as least, max(r.number) as most from runs r where ${where}`.execute(store.read)
    const { least, most } = ends[0]!
    if (least === null || most === null) return
    for (let to = Number(most); to >= Number(least); to -= slice) {
      for (const kind of ['metric', 'param', 'tag'] as const) {
        const { rows } = await sql<{ key: string; runs: number }>`
          select v.key, count(*) as runs from runs r join ${sql.table(tables[kind])} v on v.run = r.number
          where ${where} and r.number > ${to - slice} and r.number <= ${to} group by v.key`.execute(store.read)
        for (const { key, runs } of rows) {
          const name = `${kind}.${key}`
          const column = totals.get(name) ?? { kind, key, runs: 0 }
          column.runs += Number(runs)
          totals.set(name, column)
        }
        await setImmediate()
      }
      if (to - slice < Number(least)) return
      if (totals.size > 0) first()
    }
  }

  function begin(key: string, project: string, experimentIds: readonly string[] | undefined): Count {
    const totals = new Map<string, RunColumn>()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const own: Count = { at: clock(), totals, complete: false, first: promise }
    count(project, experimentIds, totals, resolve).then(
      () => {
        own.complete = true
        resolve()
      },
      (error) => {
        counted.delete(key)
        reject(error)
      },
    )
    promise.catch(() => {})
    if (counted.size > 100) counted.clear()
    counted.set(key, own)
    return own
  }

  return {
    /**
     * Those that most runs have first, at most twenty seconds old. The first answer may be of the newest runs alone
     * (`complete` is false); the others are counted meanwhile.
     */
    async columns(
      project: string,
      experimentIds?: readonly string[],
    ): Promise<{ items: RunColumn[]; complete: boolean }> {
      const key = `${project} ${experimentIds?.join() ?? ''}`
      const known = counted.get(key)
      const own = known && (!known.complete || clock() - known.at < fresh) ? known : begin(key, project, experimentIds)
      await own.first
      const items = [...own.totals.values()].sort((a, b) => b.runs - a.runs || (a.key < b.key ? -1 : 1))
      return { items, complete: own.complete }
    },

    /** Values of a param, a tag or an attribute that begin with `prefix`, the most frequent of the newest runs first. */
    async values(
      project: string,
      field: string,
      prefix: string,
      limit: number,
    ): Promise<{ value: string; runs: number }[]> {
      const { kind, key } = runField(field)
      if (kind === 'metric') return []
      const starts = `${prefix.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
      const recent = sql`(select * from runs where project = ${project} and state = 'active' order by number desc limit ${newest})`
      const value = kind === 'attribute' ? runAttributes[key]!.column : sql`v.value`
      const join =
        kind === 'attribute' ? sql`` : sql` join ${sql.table(tables[kind])} v on v.run = runs.number and v.key = ${key}`
      const { rows } = await sql<{ value: string; runs: number }>`
        select ${value} as value, count(*) as runs from ${recent} runs${join}
        where lower(cast(${value} as text)) like ${starts} escape '\\' group by ${value} order by runs desc, value limit ${limit}`.execute(
        store.read,
      )
      return rows.map((row) => ({ value: String(row.value), runs: Number(row.runs) }))
    },
  }
}
