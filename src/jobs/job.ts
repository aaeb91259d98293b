import type { Change } from '../journal/journal.ts'
import type { Logger } from '../log.ts'
import type { JobState } from '../storage/sql/tables/jobs.ts'

export interface NewJob {
  /** which handler does it: `domain.verb` */
  kind: string
  project: string
  payload: unknown
  /** While a job of this kind with this key is queued, another is not added. */
  key?: string
  /** not before this time, milliseconds since 1970 */
  runAt?: number
  /** higher first; 0 when absent */
  priority?: number
  /** how often it is started at most, 3 when absent */
  maxAttempts?: number
}

export interface Job<Payload = unknown> {
  id: number
  kind: string
  key: string | null
  project: string
  payload: Payload
  state: JobState
  /** 1 at the first try */
  attempts: number
  maxAttempts: number
  /** event that led to the job */
  cause: number | null
  actor: string
  progress: unknown
  result: unknown
  error: { code: string; message: string; todo: string } | null
  createdAt: number
  finishedAt: number | null
}

export interface JobContext {
  /** Aborted when the job is cancelled, its lease is lost or the server stops. */
  signal: AbortSignal
  /** Shows how far it is; kept at most a few times a second. */
  progress(value: unknown): void
  log: Logger
}

/**
 * A job's outcome. `commit` runs in the transaction that finishes the job, and only if this process still holds it:
 * effects made there happen exactly once, whatever is killed when.
 */
export interface JobOutcome {
  result?: unknown
  commit?(change: Change): Promise<void>
}

export interface JobHandler<Payload = unknown> {
  kind: string
  /** how many of this kind run at once in one process, 1 when absent */
  concurrency?: number
  /** Does the work. It may be started again after a crash, so what it does outside `commit` must be repeatable. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler without an outcome returns nothing
  run(job: Job<Payload>, context: JobContext): Promise<JobOutcome | void>
  /** Called in the finishing transaction when the last try has failed or the job was cancelled. */
  failed?(job: Job<Payload>, error: { code: string; message: string; todo: string }, change: Change): Promise<void>
}
