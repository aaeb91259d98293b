import type { BlobStore } from './contracts/blob-store.ts'
import type { Jobs } from './jobs/jobs.ts'
import type { Journal } from './journal/journal.ts'
import type { Logger } from './log.ts'
import type { EventsStore } from './storage/events/events-store.ts'
import type { SqlStore } from './storage/sql/sql-store.ts'

/** What every domain is built on. */
export interface Environment {
  store: SqlStore
  events: EventsStore
  blobs: BlobStore
  journal: Journal
  jobs: Jobs
  /** milliseconds since 1970 */
  clock: () => number
  log: Logger
  /** names this process in leases */
  node: string
  /** absolute path; local files of this process: logs, environments, caches */
  dataDirectory: string
}
