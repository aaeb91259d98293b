import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { openPostgres } from '../../src/storage/sql/postgres.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { filtersSuite } from './filters.suite.ts'

const directory = mkdtempSync(join(tmpdir(), 'kedge-filters-'))
let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(async () => {
  await postgres.stop()
  rmSync(directory, { recursive: true, force: true })
})

filtersSuite('SQLite', () => openSqlite(join(directory, 'sqlite'), Date.now), 40)
filtersSuite('PostgreSQL', () => openPostgres(postgres.url(), Date.now), 8)
