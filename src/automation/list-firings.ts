import type { SqlStore } from '../storage/sql/sql-store.ts'
import type { FiringState } from '../storage/sql/tables/automation.ts'
import { type Firing, toFiring } from './firing.ts'

/** Firings of a project, the newest first, and how many there are; 100 unless `limit` says otherwise. */
export async function listFirings(
  { read }: Pick<SqlStore, 'read'>,
  project: string,
  filter: { rule?: string | undefined; state?: FiringState | undefined; limit?: number; offset?: number } = {},
): Promise<{ items: Firing[]; total: number }> {
  let query = read.selectFrom('rule_firings').where('project', '=', project)
  if (filter.rule !== undefined) query = query.where('rule', '=', filter.rule)
  if (filter.state !== undefined) query = query.where('state', '=', filter.state)
  const { total } = await query.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
  const rows = await query
    .selectAll()
    .orderBy('id', 'desc')
    .limit(filter.limit ?? 100)
    .offset(filter.offset ?? 0)
    .execute()
  return { items: rows.map(toFiring), total: Number(total) }
}
