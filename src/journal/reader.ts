import { asKedgeError } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { SqlStore } from '../storage/sql/sql-store.ts'
import type { EventType, JournalEvent } from './catalogue.ts'
import { createFailureLog } from './failure-log.ts'
import type { Change, Journal } from './journal.ts'

export interface ReaderDefinition<T extends EventType> {
  /** names the durable cursor; never reused for another purpose */
  name: string
  /** only these kinds of events */
  types: readonly T[]
  /**
   * Reacts to one event inside the transaction that advances the cursor: its effects through `change` happen exactly
   * once. Work that takes time or leaves the SQL store is enqueued as a job here, not done here.
   */
  handle(event: JournalEvent<T>, change: Change): Promise<void>
  /** A new reader starts with the first event, unless it says `'now'`. */
  from?: 'beginning' | 'now'
}

export interface Reader {
  /** Resolves when every event up to now has been handled. */
  caughtUp(): Promise<void>
  stop(): Promise<void>
}

export interface ReaderEnvironment {
  journal: Journal
  store: SqlStore
  clock: () => number
  log: Logger
  /** names this process in leases */
  node: string
}

const lease = 10_000
const pollInterval = 200
const maxFailures = 8
/** how many events share a transaction */
const together = 32
/** after a step the next one waits so long, so that events that come fast share transactions */
const rest = 10

/** Starts a reader of the journal with a durable cursor. Of all processes that start it, one at a time reads. */
export function startReader<T extends EventType>(
  environment: ReaderEnvironment,
  definition: ReaderDefinition<T>,
): Reader {
  const { journal, store, clock, log, node } = environment
  let stopped = false
  let wake: (() => void) | undefined
  /** something came while a step was under way */
  let woken = false
  const unsubscribe = journal.subscribe((_newest, types) => {
    if (!definition.types.some((type) => types.has(type))) return
    woken = true
    wake?.()
  })
  let leasedUntil = 0
  const reading = createFailureLog(log, { reader: definition.name })
  const handling = createFailureLog(log, { reader: definition.name })

  /** The position while the lease has time left: nothing is written for it. */
  async function leased() {
    if (leasedUntil - clock() < lease / 2) return undefined
    return store.read
      .selectFrom('journal_cursors')
      .selectAll()
      .where('name', '=', definition.name)
      .where('leased_by', '=', node)
      .where('leased_until', '=', leasedUntil)
      .executeTakeFirst()
  }

  /** Takes or renews the lease; the position, or nothing when another process holds it. */
  const takeLease = () =>
    store.write(async ({ db, now }) => {
      const row = await db
        .selectFrom('journal_cursors')
        .selectAll()
        .where('name', '=', definition.name)
        .executeTakeFirst()
      if (!row) {
        const position = definition.from === 'now' ? await journal.head() : 0
        await db
          .insertInto('journal_cursors')
          .values({
            name: definition.name,
            position,
            leased_by: node,
            leased_until: now + lease,
            failures: 0,
            error: null,
          })
          .onConflict((c) => c.column('name').doNothing())
          .execute()
        return undefined
      }
      const taken = await db
        .updateTable('journal_cursors')
        .set({ leased_by: node, leased_until: now + lease })
        .where('name', '=', definition.name)
        .where((where) =>
          where.or([where('leased_by', '=', node), where('leased_until', '<', now), where('leased_by', 'is', null)]),
        )
        .executeTakeFirst()
      if (taken.numUpdatedRows === 0n) return undefined
      leasedUntil = now + lease
      return row
    })

  /** Handles events and moves the cursor, all in one transaction. */
  const handleTogether = (events: readonly JournalEvent[]) =>
    journal.change({ actor: `reader/${definition.name}` }, async (change) => {
      const moved = await change.db
        .updateTable('journal_cursors')
        .set({ position: events.at(-1)!.id, failures: 0, error: null })
        .where('name', '=', definition.name)
        .where('leased_by', '=', node)
        .where('position', '<', events[0]!.id)
        .executeTakeFirst()
      if (moved.numUpdatedRows === 0n) return
      for (const event of events) {
        const cause = event.id
        await definition.handle(event as JournalEvent<T>, {
          ...change,
          context: { ...change.context, cause },
          append: (appended) => change.append({ cause, ...appended }),
        })
      }
    })

  async function handle(event: JournalEvent, failures: number): Promise<void> {
    try {
      await handleTogether([event])
      handling.succeeded()
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      handling.failed(error, 'a reader of the journal failed', { event: event.id, type: event.type })
      // what is away comes back, a full disk has space again: no event is passed over for that
      const giveUp = failures + 1 >= maxFailures && asKedgeError(error).class !== 'unavailable'
      await journal.change({ actor: `reader/${definition.name}`, cause: event.id }, async (change) => {
        await change.db
          .updateTable('journal_cursors')
          .set(
            giveUp ? { position: event.id, failures: 0, error: message } : { failures: failures + 1, error: message },
          )
          .where('name', '=', definition.name)
          .execute()
        if (giveUp)
          change.append({
            type: 'reader.skipped',
            project: event.project,
            subject: `reader/${definition.name}`,
            data: { reader: definition.name, event: event.id, error: message.slice(0, 500) },
          })
      })
      if (!giveUp) await pause(Math.min(100 * 2 ** failures, 5000))
    }
  }

  async function step(): Promise<boolean> {
    const cursor = (await leased()) ?? (await takeLease())
    if (!cursor) return false
    const deadline = clock() + lease / 2
    const events = await journal.read({ after: cursor.position, types: definition.types, limit: 200 })
    let failures = cursor.failures
    for (let at = 0; at < events.length; ) {
      if (stopped || clock() > deadline) return true
      const some = events.slice(at, at + together)
      // each by itself where one fails, so that the others are not held up by it
      const done =
        some.length > 1 &&
        failures === 0 &&
        (await handleTogether(some).then(
          () => true,
          () => false,
        ))
      for (const event of done ? [] : some) {
        if (stopped || clock() > deadline) return true
        await handle(event, failures)
        if ((await position()) < event.id) return true // it failed and will be tried again
        failures = 0
      }
      if (done && (await position()) < some.at(-1)!.id) return true // the lease went to another process
      at += some.length
    }
    return events.length > 0
  }

  const position = async () =>
    (
      await store.read
        .selectFrom('journal_cursors')
        .select('position')
        .where('name', '=', definition.name)
        .executeTakeFirst()
    )?.position ?? 0

  const pause = (time: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(done, time)
      function done() {
        clearTimeout(timer)
        wake = undefined
        resolve()
      }
      wake = done
      if (stopped) done()
    })

  const loop = (async () => {
    while (!stopped) {
      let more = false
      woken = false
      try {
        more = await step()
        reading.succeeded()
      } catch (error) {
        if (!stopped) reading.failed(error, 'a reader of the journal cannot read')
      }
      if (!more && !woken && !stopped) await pause(pollInterval)
      else if (more && !stopped) await new Promise((done) => setTimeout(done, rest))
    }
  })()

  return {
    async caughtUp() {
      const [target] = await journal.read({ types: definition.types, newestFirst: true, limit: 1 })
      while (target && (await position()) < target.id) {
        wake?.()
        await new Promise((done) => setTimeout(done, 5))
      }
    },
    async stop() {
      stopped = true
      wake?.()
      unsubscribe()
      await loop
      await store
        .write(({ db }) =>
          db
            .updateTable('journal_cursors')
            .set({ leased_by: null })
            .where('name', '=', definition.name)
            .where('leased_by', '=', node)
            .execute(),
        )
        .catch(() => {})
    },
  }
}
