import type { Selectable } from 'kysely'
import { fromJson } from '../storage/sql/json-column.ts'
import type { JobTables } from '../storage/sql/tables/jobs.ts'
import type { Job } from './job.ts'

/** A job as its row of the table `jobs` says it. */
export function toJob(row: Selectable<JobTables['jobs']>): Job {
  return {
    id: row.id,
    kind: row.kind,
    key: row.key,
    project: row.project,
    payload: fromJson(row.payload),
    state: row.state,
    attempts: row.attempts,
    maxAttempts: row.max_attempts,
    cause: row.cause,
    actor: row.actor,
    progress: fromJson(row.progress),
    result: fromJson(row.result),
    error: fromJson(row.error),
    createdAt: row.created_at,
    finishedAt: row.finished_at,
  }
}
