import { sql } from 'kysely'
import type { Change } from '../journal/journal.ts'
import { toJson } from '../storage/sql/json-column.ts'
import type { NewJob } from './job.ts'

/** Adds a job in the caller's transaction. Returns its id, or undefined when one with its key waits already. */
export async function insertJob(change: Change, job: NewJob): Promise<number | undefined> {
  const row = await change.db
    .insertInto('jobs')
    .values({
      kind: job.kind,
      key: job.key ?? null,
      project: job.project,
      payload: toJson(job.payload),
      state: 'queued',
      priority: job.priority ?? 0,
      attempts: 0,
      max_attempts: job.maxAttempts ?? 3,
      run_at: job.runAt ?? 0,
      leased_by: null,
      leased_until: 0,
      cancel_requested: 0,
      progress: null,
      result: null,
      error: null,
      actor: change.context.actor,
      cause: change.context.cause ?? null,
      created_at: change.now,
      finished_at: null,
    })
    .onConflict((c) => c.columns(['kind', 'key']).where('state', '=', sql.lit('queued')).doNothing())
    .returning('id')
    .executeTakeFirst()
  return row?.id
}
