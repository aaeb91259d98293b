import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Change, createJournal, type Journal } from '../../src/journal/journal.ts'
import { startReader } from '../../src/journal/reader.ts'
import { silentLog } from '../../src/log.ts'
import { openPostgres } from '../../src/storage/sql/postgres.ts'
import type { SqlStore } from '../../src/storage/sql/sql-store.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'

const directory = mkdtempSync(join(tmpdir(), 'kedge-journal-'))
let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(async () => {
  await postgres.stop()
  rmSync(directory, { recursive: true, force: true })
})

const append = (journal: Journal, name: string, cause?: number) =>
  journal.change({ actor: 'user/test', ...(cause === undefined ? {} : { cause }) }, async (change) =>
    change.append({ type: 'project.created', project: 'test', subject: `project/${name}`, data: { name } }),
  )

const kinds: [string, () => Promise<SqlStore>][] = [
  ['SQLite', () => openSqlite(join(directory, 'journal'), Date.now)],
  ['PostgreSQL', () => openPostgres(postgres.url(), Date.now)],
]

describe.each(kinds)('journal on %s', (_, open) => {
  let store: SqlStore
  let journal: Journal
  beforeAll(async () => {
    store = await open()
    journal = createJournal(store)
  })
  afterAll(async () => {
    await store.close()
  })

  it('numbers events without gaps in the order of their commits, with their cause', async () => {
    const [first, second] = await Promise.all([append(journal, 'one'), append(journal, 'two')])
    expect([first.id, second.id]).toEqual([1, 2])
    await append(journal, 'three', first.id)
    const events = await journal.read()
    expect(events.map((event) => [event.id, event.subject, event.cause])).toEqual([
      [1, 'project/one', null],
      [2, 'project/two', null],
      [3, 'project/three', 1],
    ])
  })

  it('leaves no trace of a change that failed', async () => {
    const before = await journal.head()
    await expect(
      journal.change({ actor: 'user/test' }, async (change) => {
        change.append({ type: 'project.created', project: 'test', subject: 'project/never', data: { name: 'never' } })
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(await journal.head()).toBe(before)
  })

  it('filters by type, subject and prefix, and pages both ways', async () => {
    expect(await journal.read({ types: ['token.created'] })).toEqual([])
    expect((await journal.read({ subject: 'project/two' })).map((event) => event.id)).toEqual([2])
    expect((await journal.read({ subject: 'project/', newestFirst: true, limit: 2 })).map((event) => event.id)).toEqual(
      [3, 2],
    )
    expect((await journal.read({ before: 3, newestFirst: true })).map((event) => event.id)).toEqual([2, 1])
  })

  it('follows: the stored events first, then new ones as they come', async () => {
    const stop = new AbortController()
    const seen: string[] = []
    for await (const event of journal.follow({ after: 1 }, stop.signal)) {
      seen.push(event.subject)
      if (seen.length === 2) void append(journal, 'live')
      if (seen.length === 3) stop.abort()
    }
    expect(seen).toEqual(['project/two', 'project/three', 'project/live'])
  })

  it('hands every event to a reader exactly once, also when its handler fails at first and another takes over', async () => {
    const handled: number[] = []
    let failures = 3
    const environment = { journal, store, clock: Date.now, log: silentLog }
    const definition = {
      name: 'test',
      types: ['project.created'] as const,
      async handle(event: { id: number }, change: Pick<Change, 'db' | 'now' | 'onCommit'>) {
        if (event.id === 2 && failures-- > 0) throw new Error('not yet')
        await change.db
          .insertInto('projects')
          .values({ name: `handled-${event.id}`, created_at: change.now })
          .execute()
        change.onCommit(() => handled.push(event.id))
      },
    }
    const first = startReader({ ...environment, node: 'a' }, definition)
    await first.caughtUp()
    await first.stop()
    await append(journal, 'later')
    const second = startReader({ ...environment, node: 'b' }, definition)
    await second.caughtUp()
    await second.stop()
    const expected = (await journal.read({ types: ['project.created'] })).map((event) => event.id)
    expect(handled).toEqual(expected)
    const rows = await store.read.selectFrom('projects').select('name').where('name', 'like', 'handled-%').execute()
    expect(rows.length).toBe(expected.length)
  })

  it('verifies, and names the first event that somebody changed', async () => {
    const { entries, hash } = await journal.verify()
    expect(entries).toBe(await journal.head())
    expect(hash).toMatch(/^[0-9a-f]{64}$/)
    await store.write(({ db }) => sql`UPDATE journal SET actor = 'user/other' WHERE id = 2`.execute(db))
    await expect(journal.verify()).rejects.toMatchObject({
      code: 'journal_broken',
      message: expect.stringContaining('entry 2'),
    })
    await store.write(({ db }) => sql`UPDATE journal SET actor = 'user/test' WHERE id = 2`.execute(db))
    await journal.verify()
  })
})

it('keeps one order with one chain when two processes append to one PostgreSQL', async () => {
  const url = await postgres.createDatabase('two-writers')
  const stores = await Promise.all([openPostgres(url, Date.now), openPostgres(url, Date.now)])
  const journals = stores.map((store) => createJournal(store))
  await Promise.all(
    journals.flatMap((journal, process) => Array.from({ length: 200 }, (_, i) => append(journal, `${process}-${i}`))),
  )
  expect(await journals[0]!.verify()).toMatchObject({ entries: 400 })
  for (const store of stores) await store.close()
})
