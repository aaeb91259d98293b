import type { ChangeContext } from '../journal/journal.ts'
import type { Job } from './job.ts'

/** What a job changes, it changes for whoever has enqueued it. */
export const contextOf = ({ actor, cause }: Pick<Job, 'actor' | 'cause'>): ChangeContext => ({
  actor,
  ...(cause === null ? {} : { cause }),
})
