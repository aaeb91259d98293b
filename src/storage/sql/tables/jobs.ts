import type { Generated } from 'kysely'

export type JobState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled'

export interface JobTables {
  jobs: {
    id: Generated<number>
    kind: string
    /** at most one queued job of a kind has this key */
    key: string | null
    project: string
    /** JSON */
    payload: string
    state: JobState
    priority: number
    attempts: number
    max_attempts: number
    run_at: number
    leased_by: string | null
    leased_until: number
    cancel_requested: number
    /** JSON */
    progress: string | null
    /** JSON */
    result: string | null
    /** JSON of a KedgeError */
    error: string | null
    actor: string
    cause: number | null
    created_at: number
    finished_at: number | null
  }
  job_schedules: {
    name: string
    cron: string
    timezone: string
    next_at: number
    kind: string
    project: string
    payload: string
  }
}
