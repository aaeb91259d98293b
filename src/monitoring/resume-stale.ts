import type { Environment } from '../environment.ts'
import { enqueueEvaluate, enqueueProfile } from './stale.ts'

/**
 * Has everything computed that is marked, of every endpoint, unless its job waits already: a job whose process died too often is
 * given up, and its marks would lie until the next rows come.
 */
export async function resumeStale({
  store,
  journal,
  jobs,
}: Pick<Environment, 'store' | 'journal' | 'jobs'>): Promise<void> {
  const hours = await store.read.selectFrom('stale_buckets').select(['project', 'endpoint']).distinct().execute()
  const windows = await store.read
    .selectFrom('stale_windows')
    .innerJoin('monitored_endpoints', (join) =>
      join
        .onRef('monitored_endpoints.project', '=', 'stale_windows.project')
        .onRef('monitored_endpoints.name', '=', 'stale_windows.endpoint'),
    )
    .select(['stale_windows.project', 'stale_windows.endpoint'])
    .whereRef('stale_windows.window_end', '<=', 'monitored_endpoints.last_prediction')
    .distinct()
    .execute()
  if (hours.length + windows.length === 0) return
  await journal.change({ actor: 'monitoring' }, async (change) => {
    for (const key of hours) await enqueueProfile(change, jobs, key)
    for (const key of windows) await enqueueEvaluate(change, jobs, key)
  })
}
