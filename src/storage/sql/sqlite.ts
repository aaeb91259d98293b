import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { KedgeError } from '../../errors.ts'
import { makeDirectory } from '../make-directory.ts'
import { linearPattern } from './linear-pattern.ts'
import { migrate } from './migrate.ts'
import type { Database } from './schema.ts'
import type { Query, SqlStore } from './sql-store.ts'
import { keepStatements } from './sqlite-statements.ts'
import { createWriteQueue } from './write-queue.ts'

/**
 * The embedded SQL store: `kedge.sqlite` in `directory`, for one process at a time. A commit returns after fsync
 * (WAL, synchronous=FULL). Reads go through a connection of their own, so they see committed state only.
 */
export async function openSqlite(directory: string, clock: () => number): Promise<SqlStore> {
  const { guard, writer, db, query } = await openWriter(directory)
  const file = join(directory, 'kedge.sqlite')
  const reader = open(file)
  reader.pragma('query_only = ON')
  // what is searched again and again stays in memory, until the store rests
  reader.pragma('cache_size = -64000')
  const reading = keepStatements(reader)
  const read = new Kysely<Database>({ dialect: new SqliteDialect({ database: reading }) })

  const run = (text: string) => void query(text, [])
  const transaction = { db, query }
  const queue = createWriteQueue(
    {
      begin: async () => {
        run('BEGIN IMMEDIATE')
        return transaction
      },
      savepoint: async () => run('SAVEPOINT unit'),
      release: async () => run('RELEASE unit'),
      rollbackToSavepoint: async () => {
        run('ROLLBACK TO unit')
        run('RELEASE unit')
      },
      commit: async () => run('COMMIT'),
      rollback: async () => {
        if (writer.inTransaction) run('ROLLBACK')
      },
      lock: async () => {},
      retryable: () => false,
    },
    clock,
  )

  return {
    kind: 'sqlite',
    read,
    readQuery: reading.query,
    write: queue.write,
    beforeCommit: queue.beforeCommit,
    rest: () => void reader.pragma('shrink_memory'),
    async close() {
      await queue.close()
      await read.destroy()
      writer.pragma('wal_checkpoint(TRUNCATE)')
      await db.destroy()
      guard.close()
    },
  }
}

/** The lock on the directory and the migrated database. What cannot be opened is left as it is. */
async function openWriter(directory: string) {
  let guard: ReturnType<typeof takeDirectory> | undefined
  let writer: BetterSqlite.Database | undefined
  try {
    makeDirectory(directory)
    guard = takeDirectory(directory)
    writer = open(join(directory, 'kedge.sqlite'))
    const database = keepStatements(writer)
    const db = new Kysely<Database>({ dialect: new SqliteDialect({ database }) })
    await migrate(db as unknown as Kysely<never>, directory)
    return { guard, writer, db, query: database.query as Query }
  } catch (error) {
    writer?.close()
    guard?.close()
    if (error instanceof KedgeError && error.code === 'folder_unusable')
      throw new KedgeError('data_directory_unusable', error.details, { cause: error })
    const { code = '', message } = error as { code?: string; message: string }
    if (/^(EACCES|EPERM|EROFS|ENOTDIR|EEXIST|ENOENT|SQLITE_(NOTADB|CORRUPT|CANTOPEN|READONLY))/.test(code))
      throw new KedgeError('data_directory_unusable', { path: directory, why: message }, { cause: error })
    throw error
  }
}

function open(file: string): BetterSqlite.Database {
  const database = new BetterSqlite(file)
  try {
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    database.pragma('busy_timeout = 5000')
    database.pragma('cache_size = -8000')
    database.pragma('temp_store = MEMORY')
    // SQLite's own lower() knows ASCII only
    database.function('unicode_lower', { deterministic: true }, (text) =>
      typeof text === 'string' ? text.toLowerCase() : text,
    )
    database.function('matches', { deterministic: true }, (pattern, text) =>
      typeof text === 'string' ? Number(linearPattern(pattern as string).test(text)) : null,
    )
  } catch (error) {
    database.close()
    throw error
  }
  return database
}

/** Keeps a second server out: a lock that the operating system drops by itself when this process dies. */
function takeDirectory(directory: string): { close(): void } {
  const pidFile = join(directory, 'kedge.pid')
  const guard = new BetterSqlite(join(directory, 'kedge.lock'))
  try {
    guard.pragma('busy_timeout = 0')
    guard.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    guard.close()
    if ((cause as { code?: string }).code !== 'SQLITE_BUSY') throw cause
    let pid = 'unknown'
    try {
      pid = readFileSync(pidFile, 'utf8').trim()
    } catch {
      // the other process has not written it yet
    }
    throw new KedgeError('data_directory_in_use', { path: directory, pid }, { cause })
  }
  try {
    writeFileSync(pidFile, `${process.pid}\n`)
  } catch (error) {
    guard.close()
    throw error
  }
  return { close: () => guard.close() }
}
