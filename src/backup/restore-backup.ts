import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { KedgeError } from '../errors.ts'
import { createJobs } from '../jobs/jobs.ts'
import { createJournal } from '../journal/journal.ts'
import type { Logger } from '../log.ts'
import { markStale } from '../monitoring/stale.ts'
import { dayPerformanceStatement, dayProfilesStatement } from '../storage/events/day-roll-ups.ts'
import { createEmbeddedEvents } from '../storage/events/embedded-events.ts'
import type { EventsStore } from '../storage/events/events-store.ts'
import { makeDirectory } from '../storage/make-directory.ts'
import { openSqlite } from '../storage/sql/sqlite.ts'
import { checkBackup } from './backup-manifest.ts'
import { copyFiles } from './copy-files.ts'

export interface RestoreResult {
  /** the data directory that was made; null when the backup was only checked */
  to: string | null
  madeAt: number
  files: number
  bytes: number
  journalHead: number
}

/** what the events engine got in this time before a backup began may have been under way to its profiles */
const margin = 300_000

/** Checks a backup and makes a data directory of it, which must be absent or empty. Errors: `backup_invalid`, `conflict`. */
export async function restoreBackup(options: {
  from: string
  to?: string
  log: Logger
  progress(text: string): void
}): Promise<RestoreResult> {
  const { from, to, log, progress } = options
  progress('Checking every file …')
  const manifest = await checkBackup(from)
  const result = {
    madeAt: manifest.startedAt,
    files: Object.keys(manifest.files).length,
    bytes: Object.values(manifest.files).reduce((sum, { bytes }) => sum + bytes, 0),
    journalHead: manifest.journalHead,
  }
  if (to === undefined) return { to: null, ...result }
  if ((await readdir(to).catch(() => [])).length > 0)
    throw new KedgeError(
      'conflict',
      { what: `${to} is not empty` },
      { todo: 'Name a data directory that does not exist yet.' },
    )

  const making = `${to}.unfinished`
  await rm(making, { recursive: true, force: true })
  makeDirectory(dirname(to))
  await mkdir(making, { mode: 0o700 })
  progress('Copying …')
  await copyFiles(from, making, {
    wanted: (name) => name === 'kedge.sqlite' || name === 'secret.key' || name.startsWith('blobs/'),
  })
  await copyFiles(join(from, 'spool'), join(making, 'inference', 'spool'))

  progress('Loading the events engine …')
  const events = createEmbeddedEvents({ dataDirectory: join(making, 'events'), log })
  try {
    for (const table of manifest.tables)
      await events.command('INSERT INTO {table:Identifier} SELECT * FROM file({path:String}, Native)', {
        table,
        path: join(from, 'events', `${table}.native.zst`),
      })
    // a backup of an older version has no days, and a day was copied before or after its hours
    for (const statement of [dayProfilesStatement(), dayPerformanceStatement()]) await events.command(statement)
    await markUncertain(events, making, manifest.startedAt - margin, log)
  } finally {
    await events.close()
  }
  await rm(to, { recursive: true, force: true })
  await rename(making, to)
  return { to, ...result }
}

/** Has every hour computed anew that got predictions or actuals while the backup was made. */
async function markUncertain(events: EventsStore, directory: string, since: number, log: Logger): Promise<void> {
  const touched = await events.query<{ project: string; endpoint: string; hour: number }>(
    `SELECT DISTINCT project, endpoint, toUnixTimestamp(toStartOfHour(time)) * 1000 AS hour FROM predictions
     WHERE received_at >= fromUnixTimestamp64Milli({since:Int64})
        OR id IN (SELECT id FROM actuals WHERE received_at >= fromUnixTimestamp64Milli({since:Int64}))`,
    { since },
  )
  if (touched.length === 0) return
  const store = await openSqlite(directory, Date.now)
  try {
    const journal = createJournal(store)
    const jobs = createJobs({ store, journal, clock: Date.now, log, node: 'restore' })
    for (const endpoints of Map.groupBy(touched, ({ project, endpoint }) => `${project}\0${endpoint}`).values()) {
      const { project, endpoint } = endpoints[0]!
      await journal.change({ actor: 'restore' }, (change) =>
        markStale(
          change,
          jobs,
          { project, endpoint },
          endpoints.map(({ hour }) => hour),
        ),
      )
    }
  } finally {
    await store.close()
  }
}
