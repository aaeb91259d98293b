import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { KedgeError } from '../../src/errors.ts'
import type { NewJob } from '../../src/jobs/job.ts'
import { createJobs, type Jobs } from '../../src/jobs/jobs.ts'
import { createJournal, type Journal } from '../../src/journal/journal.ts'
import { silentLog } from '../../src/log.ts'
import { openPostgres } from '../../src/storage/sql/postgres.ts'
import type { SqlStore } from '../../src/storage/sql/sql-store.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'

const directory = mkdtempSync(join(tmpdir(), 'kedge-jobs-'))
let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(async () => {
  await postgres.stop()
  rmSync(directory, { recursive: true, force: true })
})

const kinds: [string, () => Promise<SqlStore>][] = [
  ['SQLite', () => openSqlite(join(directory, 'jobs'), Date.now)],
  ['PostgreSQL', () => openPostgres(postgres.url(), Date.now)],
]

describe.each(kinds)('queue on %s', (_, open) => {
  let store: SqlStore
  let journal: Journal
  let jobs: Jobs
  beforeAll(async () => {
    store = await open()
    journal = createJournal(store)
  })
  afterEach(async () => {
    await jobs.stop()
  })
  afterAll(async () => {
    await store.close()
  })
  const start = () => {
    jobs = createJobs({
      store,
      journal,
      clock: Date.now,
      log: silentLog,
      node: `node-${Math.random()}`,
      pollInterval: 10,
    })
    return jobs
  }
  const enqueue = (job: NewJob) => journal.change({ actor: 'user/test' }, (change) => jobs.enqueue(change, job))

  it('runs a job, keeps its result, and commits its effects with it', async () => {
    start().handle<{ a: number }>({
      kind: 'add',
      run: async ({ payload }) => ({
        result: payload.a + 1,
        commit: async ({ db, now }) =>
          void (await db.insertInto('projects').values({ name: 'effect', created_at: now }).execute()),
      }),
    })
    jobs.start()
    const id = await enqueue({ kind: 'add', project: 'test', payload: { a: 1 } })
    expect(await jobs.wait(id!)).toMatchObject({ state: 'succeeded', result: 2, attempts: 1 })
    expect(
      await store.read.selectFrom('projects').select('name').where('name', '=', 'effect').executeTakeFirst(),
    ).toBeDefined()
  })

  it('adds one job for a key while it is queued', async () => {
    start()
    const ids = await Promise.all([1, 2].map(() => enqueue({ kind: 'never', project: 'test', payload: {}, key: 'k' })))
    expect(ids.filter((id) => id !== undefined)).toHaveLength(1)
  })

  it('tries again what failed inside, not what the caller did wrong, and calls `failed` at the end', async () => {
    let tries = 0
    const failed: string[] = []
    start().handle({
      kind: 'wrong',
      run: async () => {
        tries++
        throw new KedgeError('invalid_input', { what: 'no' })
      },
      failed: async (job, error) => void failed.push(`${job.kind} ${error.code}`),
    })
    let flaky = 0
    jobs.handle({
      kind: 'flaky',
      run: async () => {
        if (flaky++ === 0) throw new KedgeError('unavailable', { what: 'away' })
      },
    })
    jobs.start()
    const wrong = await enqueue({ kind: 'wrong', project: 'test', payload: {} })
    const again = await enqueue({ kind: 'flaky', project: 'test', payload: {}, key: 'same' })
    await expect(jobs.wait(wrong!)).rejects.toThrow('no')
    expect(tries).toBe(1)
    expect(failed).toEqual(['wrong invalid_input'])
    expect(await jobs.wait(again!)).toMatchObject({ state: 'succeeded', attempts: 2 })
  })

  it('cancels a queued and a running job', async () => {
    start().handle({
      kind: 'slow',
      run: (_job, { signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
    })
    const queued = await enqueue({ kind: 'slow', project: 'test', payload: {} })
    await journal.change({ actor: 'user/test' }, (change) => jobs.cancel(change, queued!))
    expect(await jobs.get(queued!)).toMatchObject({ state: 'cancelled' })
    jobs.start()
    const running = await enqueue({ kind: 'slow', project: 'test', payload: {} })
    await expect.poll(async () => (await jobs.get(running!)).state).toBe('running')
    await journal.change({ actor: 'user/test' }, (change) => jobs.cancel(change, running!))
    await expect(jobs.wait(running!)).rejects.toThrow('cancelled')
  })

  it('never runs more of a kind at once than it may', async () => {
    let now = 0
    let most = 0
    start().handle({
      kind: 'narrow',
      concurrency: 3,
      run: async () => {
        most = Math.max(most, ++now)
        await new Promise((done) => setTimeout(done, 5))
        now--
      },
    })
    const ids = await Promise.all(
      Array.from({ length: 20 }, () => enqueue({ kind: 'narrow', project: 'test', payload: {} })),
    )
    jobs.start()
    for (const id of ids) await jobs.wait(id!)
    expect(most).toBe(3)
  })

  it('runs a schedule when it is due, once', async () => {
    let runs = 0
    start().handle({ kind: 'tick', run: async () => void runs++ })
    await journal.change({ actor: 'user/test' }, (change) =>
      jobs.schedule(change, { name: 't', cron: '0 0 1 1 *', kind: 'tick', project: 'test', payload: {} }),
    )
    await store.write(({ db }) => db.updateTable('job_schedules').set({ next_at: 1 }).execute())
    jobs.start()
    await expect.poll(() => runs).toBe(1)
    await expect(
      journal.change({ actor: 'user/test' }, (change) =>
        jobs.schedule(change, { name: 'bad', cron: 'at noon', kind: 'tick', project: 'test', payload: {} }),
      ),
    ).rejects.toMatchObject({ code: 'invalid_input' })
  })
})

it('finishes every job exactly once when workers on one PostgreSQL are killed at random', {
  timeout: 600_000,
}, async () => {
  const url = await postgres.createDatabase('killed-workers')
  const store = await openPostgres(url, Date.now)
  const journal = createJournal(store)
  const jobs = createJobs({ store, journal, clock: Date.now, log: silentLog, node: 'test' })
  const kills = Number(process.env.KEDGE_TEST_KILLS ?? 6)
  const count = 350 * kills
  await journal.change({ actor: 'user/test' }, async (change) => {
    for (let i = 0; i < count; i++)
      await jobs.enqueue(change, { kind: 'mark', project: 'test', payload: { i }, maxAttempts: 1000 })
  })
  const worker = () =>
    spawn(process.execPath, [join(import.meta.dirname, 'mark-until-killed.ts'), url], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
  const left = async () =>
    Number(
      (
        await store.read
          .selectFrom('jobs')
          .select((s) => s.fn.countAll().as('n'))
          .where('state', '!=', 'succeeded')
          .executeTakeFirstOrThrow()
      ).n,
    )
  let workers = [worker(), worker()]
  for (let kill = 0; kill < kills; kill++) {
    await new Promise((done) => setTimeout(done, 500 + Math.random() * 300))
    const victim = workers[kill % 2]!
    victim.kill('SIGKILL')
    await once(victim, 'exit')
    workers[kill % 2] = worker()
  }
  await expect.poll(left, { timeout: 60_000, interval: 200 }).toBe(0)
  for (const child of workers) child.kill('SIGKILL')
  workers = []
  const marks = await store.read.selectFrom('projects').select('name').where('name', 'like', 'mark-%').execute()
  expect(marks.length).toBe(count)
  await journal.verify()
  await store.close()
})

it('finishes every job exactly once when the process of a SQLite is killed at random', {
  timeout: 600_000,
}, async () => {
  const place = join(directory, 'killed-process')
  const kills = Number(process.env.KEDGE_TEST_KILLS ?? 6)
  const count = 150 * kills
  const before = await openSqlite(place, Date.now)
  const queue = createJobs({
    store: before,
    journal: createJournal(before),
    clock: Date.now,
    log: silentLog,
    node: 'test',
  })
  await createJournal(before).change({ actor: 'user/test' }, async (change) => {
    for (let i = 0; i < count; i++)
      await queue.enqueue(change, { kind: 'mark', project: 'test', payload: { i }, maxAttempts: 1000 })
  })
  await before.close()
  for (let kill = 0; kill < kills; kill++) {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'mark-until-killed.ts'), place], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    await new Promise((done) => setTimeout(done, 400 + Math.random() * 300))
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const store = await openSqlite(place, Date.now)
  const journal = createJournal(store)
  const jobs = createJobs({ store, journal, clock: Date.now, log: silentLog, node: 'last' })
  jobs.handle<{ i: number }>({
    kind: 'mark',
    concurrency: 50,
    run: async ({ payload }) => ({
      commit: async ({ db, now }) =>
        void (await db
          .insertInto('projects')
          .values({ name: `mark-${payload.i}`, created_at: now })
          .execute()),
    }),
  })
  jobs.start()
  const left = async () =>
    Number(
      (
        await store.read
          .selectFrom('jobs')
          .select((s) => s.fn.countAll().as('n'))
          .where('state', '!=', 'succeeded')
          .executeTakeFirstOrThrow()
      ).n,
    )
  await expect.poll(left, { timeout: 60_000, interval: 100 }).toBe(0)
  await jobs.stop()
  const marks = await store.read.selectFrom('projects').select('name').where('name', 'like', 'mark-%').execute()
  expect(marks.length).toBe(count)
  await journal.verify()
  await store.close()
})
