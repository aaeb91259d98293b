import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import { runField } from './run-field.ts'
import { runAttributes } from './run-fields.ts'

export interface RunGroup {
  /** a value for each of the fields that were asked for; null: runs that have none */
  values: (string | null)[]
  runs: number
  /** milliseconds since 1970 */
  lastStart: number | null
  metrics: Record<string, { runs: number; mean: number; least: number; most: number }>
}

const mostFields = 3
const mostMetrics = 50
const mostGroups = 1000

/** Runs by the values of params, tags or attributes, the largest group first, with statistics of the latest metrics. NaN is left out of them. */
export async function groupRuns(
  { store }: Pick<Environment, 'store'>,
  where: RawBuilder<SqlBool>,
  by: readonly string[],
  metrics: readonly string[],
): Promise<{ items: RunGroup[]; total: number }> {
  if (by.length === 0 || by.length > mostFields || metrics.length > mostMetrics)
    throw new KedgeError('invalid_input', {
      what: `Runs are grouped by one to ${mostFields} fields, with at most ${mostMetrics} metrics`,
    })
  const fields = by.map((text, i) => {
    const { kind, key } = runField(text)
    if (kind === 'metric')
      throw new KedgeError('invalid_input', {
        what: `Runs are grouped by params, tags or attributes; ${text} is a metric`,
      })
    if (kind === 'attribute') return { value: runAttributes[key]!.column, join: sql`` }
    const name = sql.raw(`g${i}`)
    const table = kind === 'param' ? sql`run_params` : sql`run_tags`
    return {
      value: sql`${name}.value`,
      join: sql` left join ${table} ${name} on ${name}.run = runs.number and ${name}.key = ${key}`,
    }
  })
  const named = sql.join(fields.map(({ value }, i) => sql`${value} as ${sql.raw(`v${i}`)}`))
  const grouped = sql.join(fields.map(({ value }) => value))
  const from = sql`runs${sql.join(
    fields.map(({ join }) => join),
    sql``,
  )}`
  type Row = Record<string, string | number | null>
  const keyOf = (row: Row) => JSON.stringify(fields.map((_, i) => row[`v${i}`] ?? null))

  const { rows } = await sql<Row>`select ${named}, count(*) as runs, max(runs.start_time) as last_start
    from ${from} where ${where} group by ${grouped} order by runs desc, last_start desc`.execute(store.read)
  const groups = new Map(
    rows.slice(0, mostGroups).map((row): [string, RunGroup] => [
      keyOf(row),
      {
        values: fields.map((_, i) => (row[`v${i}`] == null ? null : String(row[`v${i}`]))),
        runs: Number(row.runs),
        lastStart: row.last_start === null ? null : Number(row.last_start),
        metrics: {},
      },
    ]),
  )
  if (metrics.length > 0) {
    const found =
      await sql<Row>`select ${named}, m.key, count(*) as runs, avg(m.value) as mean, min(m.value) as least, max(m.value) as most
      from ${from} join metric_series m on m.run = runs.number and m.key in (${sql.join(metrics)})
      where ${where} and m.value <= ${Number.MAX_VALUE} group by ${grouped}, m.key`.execute(store.read)
    for (const row of found.rows) {
      const group = groups.get(keyOf(row))
      if (group)
        group.metrics[String(row.key)] = {
          runs: Number(row.runs),
          mean: Number(row.mean),
          least: Number(row.least),
          most: Number(row.most),
        }
    }
  }
  return { items: [...groups.values()], total: rows.length }
}
