import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createJobs, type Jobs } from '../../src/jobs/jobs.ts'
import { createJournal, type Journal } from '../../src/journal/journal.ts'
import { silentLog } from '../../src/log.ts'
import type { SqlStore } from '../../src/storage/sql/sql-store.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'

const year = 365 * 86_400_000
const begin = Date.UTC(2001, 0, 1)
let now: number
let directory: string
let store: SqlStore
let journal: Journal
let jobs: Jobs

beforeEach(async () => {
  now = begin
  directory = mkdtempSync(join(tmpdir(), 'kedge-clock-'))
  store = await openSqlite(directory, () => now)
  journal = createJournal(store)
  jobs = createJobs({ store, journal, clock: () => now, log: silentLog, node: 'one', pollInterval: 5 })
})
afterEach(async () => {
  await jobs.stop()
  await store.close()
  rmSync(directory, { recursive: true, force: true })
})

test('a job that runs is not begun again when the clock jumps beyond its lease', async () => {
  let begun = 0
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  jobs.handle({
    kind: 'long',
    concurrency: 4,
    run: async () => {
      begun++
      await ended
      return {}
    },
  })
  jobs.handle({ kind: 'short', run: async () => ({}) })
  jobs.start()
  const add = (kind: string) =>
    journal.change({ actor: 'user/test' }, (change) => jobs.enqueue(change, { kind, project: 'test', payload: {} }))
  const long = await add('long')
  await expect.poll(() => begun).toBe(1)
  now += year
  // the queue has looked for work after the jump when this one is done
  await jobs.wait((await add('short'))!)
  end()
  expect(await jobs.wait(long!)).toMatchObject({ state: 'succeeded', attempts: 1 })
  expect(begun).toBe(1)
})

test('a schedule goes on after a clock that was years ahead is set right', async () => {
  let fired = 0
  jobs.handle({
    kind: 'tick',
    run: async () => {
      fired++
      return {}
    },
  })
  await journal.change({ actor: 'user/test' }, (change) =>
    jobs.schedule(change, { name: 'ticks', cron: '* * * * *', kind: 'tick', project: 'test', payload: {} }),
  )
  jobs.start()
  now = begin + 10 * year
  await expect.poll(() => fired).toBe(1)
  now = begin + 1000
  const planned = async () =>
    (await store.read.selectFrom('job_schedules').select('next_at').executeTakeFirst())?.next_at
  await expect.poll(planned).toBe(begin + 60_000)
  now = begin + 60_000
  await expect.poll(() => fired).toBe(2)
})

test('the journal keeps its order when the clock is set back', async () => {
  const append = () =>
    journal.change({ actor: 'user/test' }, async (change) =>
      change.append({ type: 'project.created', project: 'test', subject: 'project/test', data: { name: 'test' } }),
    )
  await append()
  now -= year
  await append()
  now += 2 * year
  await append()
  const times = (await store.read.selectFrom('journal').select('time').orderBy('id').execute()).map(({ time }) => time)
  expect(times).toEqual([begin, begin, begin + year])
})
