import type { Jobs } from '../jobs/jobs.ts'
import type { Change } from '../journal/journal.ts'
import { day } from './event-day.ts'
import { type EndpointKey, enqueueEvaluate, markWindows, nextMark } from './stale.ts'

const mostDays = 92

/** Has the windows of an endpoint's last days evaluated anew, because what they are judged by is another. */
export async function markAllWindows(change: Change, jobs: Jobs, key: EndpointKey): Promise<void> {
  const row = await change.db
    .selectFrom('monitored_endpoints')
    .select(['first_prediction', 'last_prediction'])
    .where('project', '=', key.project)
    .where('name', '=', key.endpoint)
    .executeTakeFirst()
  if (row?.first_prediction == null || row.last_prediction == null) return
  const last = Number(row.last_prediction)
  const days: number[] = []
  for (let at = Math.max(Number(row.first_prediction), last - mostDays * day); at <= last; at += day) days.push(at)
  await markWindows(change, key, days, 1, await nextMark(change, key))
  await enqueueEvaluate(change, jobs, key)
}
