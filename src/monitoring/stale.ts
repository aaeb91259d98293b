import type { Jobs } from '../jobs/jobs.ts'
import type { Change } from '../journal/journal.ts'
import { hourOf } from './event-day.ts'

export interface EndpointKey {
  project: string
  endpoint: string
}

/** Makes sure that monitoring knows the endpoint, and raises its counter: the mark of what becomes stale in this change. */
export async function nextMark({ db }: Pick<Change, 'db'>, { project, endpoint }: EndpointKey): Promise<number> {
  const row = await db
    .insertInto('monitored_endpoints')
    .values({
      project,
      name: endpoint,
      counter: 1,
      first_prediction: null,
      last_prediction: null,
      last_actual: null,
      settings: null,
    })
    .onConflict((c) =>
      c.columns(['project', 'name']).doUpdateSet((set) => ({ counter: set('monitored_endpoints.counter', '+', 1) })),
    )
    .returning('counter')
    .executeTakeFirstOrThrow()
  return Number(row.counter)
}

const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))

/** Marks the hours of these event times as stale and has them recomputed. One job an endpoint waits, whatever is marked. */
export async function markStale(change: Change, jobs: Jobs, key: EndpointKey, times: Iterable<number>): Promise<void> {
  const buckets = [...new Set([...times].map(hourOf))]
  if (buckets.length === 0) return
  const mark = await nextMark(change, key)
  for (const some of chunks(buckets, 200))
    await change.db
      .insertInto('stale_buckets')
      .values(some.map((bucket) => ({ ...key, bucket, mark })))
      .onConflict((c) => c.columns(['project', 'endpoint', 'bucket']).doUpdateSet({ mark }))
      .execute()
  await enqueueProfile(change, jobs, key)
}

/** Adds the job that computes an endpoint's stale buckets, unless it waits already. */
export const enqueueProfile = (change: Change, jobs: Jobs, { project, endpoint }: EndpointKey, runAt = 0) =>
  jobs.enqueue(change, {
    kind: 'monitoring.profile',
    project,
    payload: { endpoint },
    key: `${project}/${endpoint}`,
    runAt,
    maxAttempts: 10,
  })

/** Adds the job that judges an endpoint's stale windows, unless it waits already. */
export const enqueueEvaluate = (change: Change, jobs: Jobs, { project, endpoint }: EndpointKey) =>
  jobs.enqueue(change, {
    kind: 'monitoring.evaluate',
    project,
    payload: { endpoint },
    key: `${project}/${endpoint}`,
    maxAttempts: 10,
  })

/** Marks the windows that end there: they are evaluated anew once they are complete. */
export async function markEnds(change: Change, key: EndpointKey, ends: Iterable<number>, mark: number): Promise<void> {
  for (const some of chunks([...ends], 200))
    await change.db
      .insertInto('stale_windows')
      .values(some.map((window_end) => ({ ...key, window_end, mark })))
      .onConflict((c) => c.columns(['project', 'endpoint', 'window_end']).doUpdateSet({ mark }))
      .execute()
}

/** Tries the windows again later whose monitors could not run. It waits beside the job of new rows, not instead of it. */
export const enqueueAgain = (change: Change, jobs: Jobs, { project, endpoint }: EndpointKey, runAt: number) =>
  jobs.enqueue(change, {
    kind: 'monitoring.evaluate',
    project,
    payload: { endpoint, again: true },
    key: `${project}/${endpoint}/again`,
    runAt,
    maxAttempts: 10,
  })
