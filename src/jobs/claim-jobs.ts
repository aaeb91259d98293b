import type { ExpressionBuilder, Selectable } from 'kysely'
import type { Journal } from '../journal/journal.ts'
import type { Database } from '../storage/sql/schema.ts'
import type { SqlStore } from '../storage/sql/sql-store.ts'
import type { JobTables } from '../storage/sql/tables/jobs.ts'

export interface ClaimOptions {
  node: string
  /** milliseconds since 1970 */
  now: number
  /** milliseconds */
  lease: number
  /** how many of each kind this process can take */
  slots: ReadonlyMap<string, number>
  /** ids that run in this process; after a jump of the clock (a suspended machine) their leases look ended */
  running: readonly number[]
}

const maxClaim = 256

/**
 * Takes due jobs for `node`: queued ones, and running ones whose lease has ended (their process died), each with
 * its count of attempts raised.
 */
export async function claimJobs(
  store: SqlStore,
  journal: Journal,
  options: ClaimOptions,
): Promise<Selectable<JobTables['jobs']>[]> {
  const kinds = [...options.slots].filter(([, free]) => free > 0).map(([kind]) => kind)
  if (kinds.length === 0) return []
  const { now, running } = options
  const isDue = (where: ExpressionBuilder<Database, 'jobs'>) =>
    where.or([
      where.and([where('state', '=', 'queued'), where('run_at', '<=', now)]),
      where.and([
        where('state', '=', 'running'),
        where('leased_until', '<', now),
        // an empty list is no SQL
        ...(running.length > 0 ? [where('id', 'not in', running)] : []),
      ]),
    ])
  const due = await store.read
    .selectFrom('jobs')
    .select('id')
    .where('kind', 'in', kinds)
    .where(isDue)
    .limit(1)
    .executeTakeFirst()
  if (!due) return []

  return journal.change({ actor: 'system' }, async ({ db }) => {
    let query = db
      .selectFrom('jobs')
      .select(['id', 'kind'])
      .where('kind', 'in', kinds)
      .where(isDue)
      .orderBy('priority', 'desc')
      .orderBy('id')
      .limit(maxClaim)
    if (store.kind === 'postgres') query = query.forUpdate().skipLocked()
    const left = new Map(options.slots)
    const take: number[] = []
    for (const row of await query.execute()) {
      const free = left.get(row.kind) ?? 0
      if (free <= 0) continue
      left.set(row.kind, free - 1)
      take.push(row.id)
    }
    if (take.length === 0) return []
    const claimed = await db
      .updateTable('jobs')
      .set((set) => ({
        state: 'running',
        leased_by: options.node,
        leased_until: now + options.lease,
        attempts: set('attempts', '+', 1),
        cancel_requested: 0,
      }))
      .where('id', 'in', take)
      .returningAll()
      .execute()
    return claimed.sort((a, b) => b.priority - a.priority || a.id - b.id)
  })
}
