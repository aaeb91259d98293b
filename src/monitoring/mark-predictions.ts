import type { Jobs } from '../jobs/jobs.ts'
import type { Change } from '../journal/journal.ts'
import { type EndpointKey, markStale } from './stale.ts'

/** Notes that an endpoint has predictions of these event times, and has their hours computed. */
export async function markPredictions(change: Change, jobs: Jobs, key: EndpointKey, times: readonly number[]) {
  await markStale(change, jobs, key, times)
  const ends = {
    first_prediction: times.reduce((a, b) => Math.min(a, b)),
    last_prediction: times.reduce((a, b) => Math.max(a, b)),
  }
  for (const [column, beyond] of [
    ['first_prediction', '>'],
    ['last_prediction', '<'],
  ] as const)
    await change.db
      .updateTable('monitored_endpoints')
      .set({ [column]: ends[column] })
      .where('project', '=', key.project)
      .where('name', '=', key.endpoint)
      .where((where) => where.or([where(column, 'is', null), where(column, beyond, ends[column])]))
      .execute()
}
