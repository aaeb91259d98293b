import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { KedgeError } from '../../errors.ts'
import { migrate } from './migrate.ts'
import type { Database } from './schema.ts'
import type { SqlStore } from './sql-store.ts'
import { createWriteQueue } from './write-queue.ts'

const int8 = 20
const retryableStates = new Set(['40001', '40P01', '57P01', '57P02', '57P03', '08000', '08003', '08006', '08001'])
const retryableErrors = new Set(['ECONNRESET', 'EPIPE', 'ECONNREFUSED', 'ETIMEDOUT'])

/** The distributed SQL store: any number of control processes share one PostgreSQL (14 or later). */
export async function openPostgres(url: string, clock: () => number): Promise<SqlStore> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 8,
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

  let transaction: { db: Kysely<Database>; end(): void } | undefined
  const run = async (text: string) => void (await sql.raw(text).execute(transaction!.db))

  const queue = createWriteQueue(
    {
      async begin() {
        transaction = await holdConnection(read)
        await run('BEGIN')
        return transaction.db
      },
      savepoint: () => run('SAVEPOINT unit'),
      release: () => run('RELEASE SAVEPOINT unit'),
      async rollbackToSavepoint() {
        await run('ROLLBACK TO SAVEPOINT unit')
        await run('RELEASE SAVEPOINT unit')
      },
      async commit() {
        await run('COMMIT')
        transaction?.end()
        transaction = undefined
      },
      async rollback() {
        try {
          if (transaction) await run('ROLLBACK')
        } finally {
          transaction?.end()
          transaction = undefined
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
    write: queue.write,
    beforeCommit: queue.beforeCommit,
    async close() {
      await queue.close()
      await read.destroy()
    },
  }
}

/** Keeps one connection of the pool until `end`. */
function holdConnection(db: Kysely<Database>): Promise<{ db: Kysely<Database>; end(): void }> {
  return new Promise((resolve, reject) => {
    db.connection()
      .execute((held) => new Promise<void>((end) => resolve({ db: held, end })))
      .catch(reject)
  })
}
