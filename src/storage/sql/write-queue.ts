import type { Kysely } from 'kysely'
import type { Database } from './schema.ts'
import type { Query, SqlStore, WriteUnit } from './sql-store.ts'

export interface Transaction {
  db: Kysely<Database>
  query: Query
}

/** What group commit needs of a database. One transaction at a time. */
export interface TransactionEngine {
  begin(): Promise<Transaction>
  savepoint(): Promise<void>
  release(): Promise<void>
  rollbackToSavepoint(): Promise<void>
  commit(): Promise<void>
  rollback(): Promise<void>
  lock(db: Kysely<Database>, name: string): Promise<void>
  /**
   * Whether running the same work again can succeed (lost connection, deadlock, serialisation). While committing, a lost
   * connection leaves the outcome unknown, so only an error that proves the transaction undone is retryable then.
   */
  retryable(error: unknown, committing: boolean): boolean
}

interface Waiting {
  unit: (tx: WriteUnit) => Promise<unknown>
  resolve(value: unknown): void
  reject(error: unknown): void
}

interface Outcome {
  waiting: Waiting
  callbacks: (() => void)[]
  value?: unknown
  error?: unknown
  failed: boolean
}

const maxBatch = 512
const maxTries = 5

/** A unit failed that no savepoint guarded: its transaction is undone as a whole. */
class UnguardedFailure extends Error {}

/**
 * Group commit: whatever waits while a transaction runs goes into the next one, so that one fsync pays for many writers.
 * Units seldom fail, so they run without savepoints first; when one of several does, all of them run again, each behind
 * a savepoint of its own, and that one is undone alone.
 */
export function createWriteQueue(engine: TransactionEngine, clock: () => number) {
  const queue: Waiting[] = []
  let hook: Parameters<SqlStore['beforeCommit']>[0] | undefined
  let running: Promise<void> | undefined
  let closed = false

  async function runUnit(
    { db, query }: Transaction,
    waiting: Waiting,
    now: number,
    leavings: unknown[],
    guarded: boolean,
  ): Promise<Outcome> {
    const outcome: Outcome = { waiting, callbacks: [], failed: false }
    const own: unknown[] = []
    if (guarded) await engine.savepoint()
    try {
      outcome.value = await waiting.unit({
        db,
        query,
        now,
        leavings: own,
        lock: (name) => engine.lock(db, name),
        onCommit: (callback) => outcome.callbacks.push(callback),
      })
      if (guarded) await engine.release()
      for (const one of own) leavings.push(one)
    } catch (error) {
      if (engine.retryable(error, false)) throw error
      outcome.failed = true
      outcome.error = error
      if (!guarded) throw new UnguardedFailure('', { cause: error })
      await engine.rollbackToSavepoint()
    }
    return outcome
  }

  const allFailed = (batch: Waiting[], error: unknown): Outcome[] =>
    batch.map((waiting) => ({ waiting, callbacks: [], failed: true, error }))

  async function runBatch(batch: Waiting[]): Promise<Outcome[]> {
    let guarded = false
    for (let attempt = 1; ; attempt++) {
      const outcomes: Outcome[] = []
      const leavings: unknown[] = []
      const now = clock()
      let committing = false
      try {
        const transaction = await engine.begin()
        for (const waiting of batch) outcomes.push(await runUnit(transaction, waiting, now, leavings, guarded))
        if (leavings.length > 0) await hook?.(transaction.query, leavings, now)
        committing = true
        await engine.commit()
        return outcomes
      } catch (error) {
        await engine.rollback().catch(() => {})
        if (error instanceof UnguardedFailure) {
          if (batch.length === 1) return allFailed(batch, error.cause)
          guarded = true
          continue
        }
        if (attempt >= maxTries || !engine.retryable(error, committing)) return allFailed(batch, error)
        await new Promise((done) => setTimeout(done, 2 ** attempt * 5))
      }
    }
  }

  async function drain() {
    while (queue.length > 0) {
      for (const outcome of await runBatch(queue.splice(0, maxBatch))) {
        if (outcome.failed) outcome.waiting.reject(outcome.error)
        else {
          for (const callback of outcome.callbacks) callback()
          outcome.waiting.resolve(outcome.value)
        }
      }
      // lets the writers that were just answered queue their next unit, so that they share a commit again
      await new Promise((done) => setImmediate(done))
    }
    running = undefined
  }

  return {
    write<T>(unit: (tx: WriteUnit) => Promise<T>): Promise<T> {
      if (closed) return Promise.reject(new Error('the SQL store is closed'))
      return new Promise<T>((resolve, reject) => {
        queue.push({ unit, resolve: resolve as (value: unknown) => void, reject })
        running ??= Promise.resolve().then(drain)
      })
    },
    beforeCommit(newHook: Parameters<SqlStore['beforeCommit']>[0]) {
      hook = newHook
    },
    async close() {
      closed = true
      await running
    },
  }
}
