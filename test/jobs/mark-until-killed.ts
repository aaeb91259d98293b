import { createJobs } from '../../src/jobs/jobs.ts'
import { createJournal } from '../../src/journal/journal.ts'
import { silentLog } from '../../src/log.ts'
import { openPostgres } from '../../src/storage/sql/postgres.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'

/** A worker whose jobs each insert one row under a unique name: a job done twice would fail, one lost would be missing. */
const place = process.argv[2]!
const store = await (place.startsWith('postgres:') ? openPostgres : openSqlite)(place, Date.now)
const journal = createJournal(store)
const jobs = createJobs({
  store,
  journal,
  clock: Date.now,
  log: silentLog,
  node: `worker-${process.pid}`,
  lease: 1000,
  pollInterval: 20,
})
jobs.handle<{ i: number }>({
  kind: 'mark',
  concurrency: 20,
  run: async ({ payload }) => {
    await new Promise((done) => setTimeout(done, 15))
    return {
      commit: async ({ db, now }) =>
        void (await db
          .insertInto('projects')
          .values({ name: `mark-${payload.i}`, created_at: now })
          .execute()),
    }
  },
})
jobs.start()
