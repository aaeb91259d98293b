import type { Kysely } from 'kysely'
import type { Jobs } from '../jobs/jobs.ts'
import type { Change } from '../journal/journal.ts'
import type { Database } from '../storage/sql/schema.ts'
import { type Release, toRelease } from './release.ts'

/** The release that is on its way on an endpoint; there is one at most. */
export async function runningRelease(db: Kysely<Database>, endpointId: number): Promise<Release | undefined> {
  const row = await db
    .selectFrom('releases')
    .selectAll()
    .where('endpoint_id', '=', endpointId)
    .where('state', '=', 'running')
    .executeTakeFirst()
  return row && toRelease(row)
}

/** Has a release judged, now or at a time (milliseconds since 1970). */
export const lookAtRelease = (jobs: Jobs, change: Change, release: Pick<Release, 'id' | 'project'>, runAt?: number) =>
  jobs.enqueue(change, {
    kind: 'serving.release',
    project: release.project,
    payload: { release: release.id },
    key: `release/${release.id}${runAt === undefined ? '' : '/timer'}`,
    ...(runAt === undefined ? {} : { runAt }),
  })
