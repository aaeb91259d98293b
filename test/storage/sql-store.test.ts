import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import BetterSqlite from 'better-sqlite3'
import { Kysely, SqliteDialect, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrations } from '../../src/storage/sql/migrations/index.ts'
import { openPostgres } from '../../src/storage/sql/postgres.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { sqlStoreSuite } from './sql-store.suite.ts'

const directory = mkdtempSync(join(tmpdir(), 'kedge-sql-'))
let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(async () => {
  await postgres.stop()
  rmSync(directory, { recursive: true, force: true })
})

sqlStoreSuite('SQLite', () => openSqlite(join(directory, 'suite'), Date.now))
sqlStoreSuite('PostgreSQL', () => openPostgres(postgres.url(), Date.now))

describe('SQLite', () => {
  it('is opened by one process at a time, with an error that names the other', async () => {
    const path = join(directory, 'one')
    const store = await openSqlite(path, Date.now)
    await expect(openSqlite(path, Date.now)).rejects.toMatchObject({
      code: 'data_directory_in_use',
      message: expect.stringContaining(String(process.pid)),
    })
    await store.close()
    await (await openSqlite(path, Date.now)).close()
  })

  it('refuses a directory that a newer version has written', async () => {
    const path = join(directory, 'newer')
    const store = await openSqlite(path, Date.now)
    await store.write(({ db }) =>
      (db as never as import('kysely').Kysely<{ kysely_migration: { name: string; timestamp: string } }>)
        .insertInto('kysely_migration')
        .values({ name: '9999-from-the-future', timestamp: new Date(0).toISOString() })
        .execute(),
    )
    await store.close()
    await expect(openSqlite(path, Date.now)).rejects.toMatchObject({ code: 'data_directory_newer' })
  })

  it('brings a directory of an older version up to date and keeps what is in it', async () => {
    const path = join(directory, 'older')
    mkdirSync(path)
    const old = new Kysely<never>({
      dialect: new SqliteDialect({ database: new BetterSqlite(join(path, 'kedge.sqlite')) }),
    })
    const provider = { getMigrations: async () => Object.fromEntries(Object.entries(migrations).slice(0, 5)) }
    const { error } = await new Migrator({ db: old, provider }).migrateToLatest()
    expect(error).toBeUndefined()
    await sql`INSERT INTO job_schedules VALUES ('kept', '* * * * *', 'UTC', 1, 'k', 'p', '{}')`.execute(old)
    await old.destroy()
    const store = await openSqlite(path, Date.now)
    expect((await store.read.selectFrom('job_schedules').select('name').execute()).map(({ name }) => name)).toEqual([
      'kept',
    ])
    expect(await store.read.selectFrom('projects').selectAll().execute()).toEqual([])
    await store.close()
  })

  it('keeps every acknowledged event, once and in order, when it is killed while many write', async () => {
    const path = join(directory, 'killed')
    const writer = join(import.meta.dirname, 'append-until-killed.ts')
    const acknowledged = new Set<string>()
    for (let round = 0; round < 5; round++) {
      const notes = join(directory, `acknowledged-${round}`)
      const child = spawnSync(process.execPath, [writer, path, String(round), notes], {
        stdio: ['ignore', 'ignore', 'inherit'],
        timeout: 1200 + round * 70,
        killSignal: 'SIGKILL',
      })
      expect(child.signal).toBe('SIGKILL')
      // on a busy machine it may be killed before its first acknowledgement
      const lines = (existsSync(notes) ? readFileSync(notes, 'utf8') : '').split('\n')
      lines.pop() // the last one may be cut
      for (const line of lines) acknowledged.add(line)
    }
    expect(acknowledged.size).toBeGreaterThan(100)
    const { createJournal } = await import('../../src/journal/journal.ts')
    const store = await openSqlite(path, Date.now)
    const journal = createJournal(store)
    const { entries } = await journal.verify()
    const stored = (await journal.read({ limit: entries })).map((event) => event.subject)
    expect(new Set(stored).size).toBe(stored.length)
    const there = new Set(stored)
    const missing = [...acknowledged].filter((subject) => !there.has(subject))
    expect(missing.slice(0, 3)).toEqual([])
    await store.close()
  })
})
