import type { Jobs } from '../jobs/jobs.ts'
import type { Change } from '../journal/journal.ts'
import { fromJson } from '../storage/sql/json-column.ts'
import { day, hour } from './event-day.ts'
import { monitorSettings, windowOf } from './monitor-settings.ts'
import { type EndpointKey, enqueueEvaluate, markEnds, nextMark } from './stale.ts'
import { endsHolding } from './windows/window-bounds.ts'

const mostDays = 92

/** Has the windows of an endpoint's last days evaluated anew, because what they are judged by is another. */
export async function markAllWindows(change: Change, jobs: Jobs, key: EndpointKey): Promise<void> {
  const row = await change.db
    .selectFrom('monitored_endpoints')
    .select(['first_prediction', 'last_prediction', 'settings'])
    .where('project', '=', key.project)
    .where('name', '=', key.endpoint)
    .executeTakeFirst()
  if (row?.first_prediction == null || row.last_prediction == null) return
  const last = Number(row.last_prediction)
  const spec = windowOf(monitorSettings.parse(fromJson(row.settings) ?? {}))
  const first = Math.max(Number(row.first_prediction), last - mostDays * day)
  const hours = Array.from({ length: Math.floor((last - first) / hour) + 1 }, (_, i) => first + i * hour)
  const ends = [...endsHolding(spec, hours)].filter((end) => end <= last + day)
  await markEnds(change, key, ends, await nextMark(change, key))
  await enqueueEvaluate(change, jobs, key)
}
