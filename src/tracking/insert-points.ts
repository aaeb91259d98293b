import { CompiledQuery, type Kysely, sql } from 'kysely'
import type { Database } from '../storage/sql/schema.ts'
import type { SqlStore } from '../storage/sql/sql-store.ts'

/** `value` as it is stored. */
export interface StoredPoint {
  series: number
  step: number
  time: number
  value: number
}

const chunk = 1000
const texts = new Map<number, string>()

/** One statement for many rows, its text made once: building it by the query builder would cost more than SQLite's work. */
function sqliteText(rows: number): string {
  let text = texts.get(rows)
  if (!text) {
    text = `insert into metric_points (series, step, time, value) values ${Array(rows).fill('(?,?,?,?)').join(',')} on conflict do nothing`
    if (texts.size < 64) texts.set(rows, text)
  }
  return text
}

/** Adds points; one that is there already is left alone. */
export async function insertPoints(
  kind: SqlStore['kind'],
  db: Kysely<Database>,
  points: readonly StoredPoint[],
): Promise<void> {
  if (kind === 'postgres') {
    const column = (name: keyof StoredPoint) => points.map((point) => point[name])
    await sql`insert into metric_points (series, step, time, value)
      select * from unnest(${column('series')}::bigint[], ${column('step')}::bigint[], ${column('time')}::bigint[], ${column('value')}::double precision[])
      on conflict do nothing`.execute(db)
    return
  }
  for (let i = 0; i < points.length; i += chunk) {
    const some = points.slice(i, i + chunk)
    const values = new Array<number>(some.length * 4)
    let at = 0
    for (const point of some) {
      values[at++] = point.series
      values[at++] = point.step
      values[at++] = point.time
      values[at++] = point.value
    }
    await db.executeQuery(CompiledQuery.raw(sqliteText(some.length), values))
  }
}
