import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { openPostgres } from '../../src/storage/sql/postgres.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
import { startTrackingServer } from '../servers/tracking-server.ts'
import { pointsSuite } from './points.suite.ts'

const directory = mkdtempSync(join(tmpdir(), 'kedge-points-'))
let postgres: PostgresServer
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(async () => {
  await postgres.stop()
  rmSync(directory, { recursive: true, force: true })
})

pointsSuite('SQLite', () => startTrackingServer(join(directory, 'sqlite')), 60)
pointsSuite(
  'PostgreSQL',
  () => startTrackingServer(join(directory, 'postgres'), { store: () => openPostgres(postgres.url(), Date.now) }),
  15,
)
