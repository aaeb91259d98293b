import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { KedgeError } from '../../errors.ts'
import { migrate } from './migrate.ts'
import { createPreparedQuery } from './postgres-query.ts'
import type { Database } from './schema.ts'
import type { SqlStore } from './sql-store.ts'
import { createWriteQueue, type Transaction } from './write-queue.ts'

const int8 = 20
const retryableStates = new Set(['40001', '40P01', '57P01', '57P02', '57P03', '08000', '08003', '08006', '08001'])
const retryableErrors = new Set(['ECONNRESET', 'EPIPE', 'ECONNREFUSED', 'ETIMEDOUT'])

/** The distributed SQL store: any number of control processes share one PostgreSQL (14 or later). */
export async function openPostgres(url: string, clock: () => number): Promise<SqlStore> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 8,
    // statements are sent without waiting for the answer to the one before; what depends on an answer awaits it
    pipeline: true,
    connectionTimeoutMillis: 10_000,
    types: {
      getTypeParser: ((oid: number, format?: never) =>
        oid === int8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
    },
  })
  // an idle connection that the server closes is replaced by the pool at its next use
  pool.on('error', () => {})
  const read = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
  try {
    await migrate(read as unknown as Kysely<never>, 'PostgreSQL')
  } catch (error) {
    await read.destroy()
    if (error instanceof KedgeError) throw error
    throw new KedgeError(
      'unavailable',
      { what: `PostgreSQL cannot be used: ${(error as Error).message}` },
      { cause: error },
    )
  }

  const prepared = createPreparedQuery()
  const handles = new WeakMap<pg.PoolClient, Transaction>()
  /** Queries of one connection; made once for each, since the builder keeps what it has compiled. */
  const handleOf = (client: pg.PoolClient): Transaction => {
    let handle = handles.get(client)
    if (!handle) {
      const only = {
        connect: async () => ({ query: client.query.bind(client), release() {} }),
        end: async () => {},
      }
      const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: only as unknown as pg.Pool }) })
      handle = { db, query: (text, parameters) => prepared(client, text, parameters) }
      handles.set(client, handle)
    }
    return handle
  }
  let held: { client: pg.PoolClient; begun: Promise<unknown> } | undefined
  const run = async (text: string) => void (await held!.client.query(text))
  const release = (broken?: Error) => {
    held?.client.release(broken)
    held = undefined
  }

  const queue = createWriteQueue(
    {
      async begin() {
        const client = await pool.connect()
        held = { client, begun: client.query('BEGIN') }
        // it shows in the first statement too
        held.begun.catch(() => {})
        return handleOf(client)
      },
      savepoint: () => run('SAVEPOINT unit'),
      release: () => run('RELEASE SAVEPOINT unit'),
      async rollbackToSavepoint() {
        await run('ROLLBACK TO SAVEPOINT unit')
        await run('RELEASE SAVEPOINT unit')
      },
      async commit() {
        await held!.begun
        await run('COMMIT')
        release()
      },
      async rollback() {
        if (!held) return
        try {
          await run('ROLLBACK')
          release()
        } catch (error) {
          release(error as Error)
        }
      },
      async lock(db, name) {
        await sql`SELECT pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(db)
      },
      retryable(error, committing) {
        const code = String((error as { code?: unknown } | null)?.code ?? '')
        if (committing) return code === '40001' || code === '40P01'
        return (
          retryableStates.has(code) ||
          retryableErrors.has(code) ||
          /Connection terminated/.test(String((error as Error)?.message))
        )
      },
    },
    clock,
  )

  return {
    kind: 'postgres',
    read,
    readQuery: (text, parameters) => prepared(pool, text, parameters),
    write: queue.write,
    beforeCommit: queue.beforeCommit,
    rest() {},
    async close() {
      await queue.close()
      await read.destroy()
    },
  }
}
