import { afterAll, beforeAll } from 'vitest'
import { openPostgres } from '../../src/storage/sql/postgres.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { collectSuite } from './collect.suite.ts'

let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

collectSuite('SQLite')
collectSuite('PostgreSQL', (clock) => openPostgres(postgres.url(), clock))
