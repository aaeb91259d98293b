/** Jobs claimed and finished per second on SQLite, each with an effect in its finishing transaction. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createJobs } from '../../src/jobs/jobs.ts'
import { createJournal } from '../../src/journal/journal.ts'
import { silentLog } from '../../src/log.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'

const count = Number(process.argv[2] ?? 20_000)
const directory = mkdtempSync(join(tmpdir(), 'kedge-bench-'))
const store = await openSqlite(directory, Date.now)
const journal = createJournal(store)
const jobs = createJobs({ store, journal, clock: Date.now, log: silentLog, node: 'bench' })
let finished = 0
let finish: () => void
const all = new Promise<void>((resolve) => {
  finish = resolve
})
jobs.handle<{ i: number }>({
  kind: 'bench',
  concurrency: 256,
  run: async ({ payload }) => ({
    commit: async ({ db, now, onCommit }) => {
      await db
        .insertInto('projects')
        .values({ name: `bench-${payload.i}`, created_at: now })
        .execute()
      onCommit(() => {
        if (++finished === count) finish()
      })
    },
  }),
})
const enqueueStart = performance.now()
for (let i = 0; i < count; i += 500)
  await journal.change({ actor: 'bench' }, async (change) => {
    for (let k = i; k < Math.min(i + 500, count); k++)
      await jobs.enqueue(change, { kind: 'bench', project: 'bench', payload: { i: k } })
  })
const enqueued = count / ((performance.now() - enqueueStart) / 1000)
const start = performance.now()
jobs.start()
await all
const rate = count / ((performance.now() - start) / 1000)
await jobs.stop()
const { n } = await store.read
  .selectFrom('projects')
  .select((select) => select.fn.countAll<number>().as('n'))
  .executeTakeFirstOrThrow()
await store.close()
rmSync(directory, { recursive: true, force: true })
if (n !== count) throw new Error(`${count} jobs left ${n} effects`)
console.log(`| what | jobs/s |
|---|---|
| added, 500 a transaction | ${Math.round(enqueued).toLocaleString('en')} |
| claimed, run and finished with one effect each, durable | ${Math.round(rate).toLocaleString('en')} |`)
