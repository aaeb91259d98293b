import type { SelectQueryBuilder } from 'kysely'
import { KedgeError } from '../errors.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import type { Database } from '../storage/sql/schema.ts'
import type { SqlStore, WriteUnit } from '../storage/sql/sql-store.ts'
import type { JournalEvent, NewEvent } from './catalogue.ts'
import { chainHash, genesis } from './hash-chain.ts'

/** Who makes a change, and what led to it. */
export interface ChangeContext {
  /** `user/NAME`, `token/NAME`, `job/ID`, `rule/NAME`, `system` … */
  actor: string
  /** id of the event that led to the change */
  cause?: number
}

/** A change of state in the making: queries and the events that record it, in one transaction. */
export interface Change extends Pick<WriteUnit, 'db' | 'query' | 'now' | 'lock' | 'onCommit'> {
  readonly context: ChangeContext
  /** The event gets its `id` when the change commits: read it after `journal.change` has resolved. */
  append(event: NewEvent): { id: number }
}

export interface JournalFilter {
  /** only events after this id */
  after?: number
  /** only events before this id; with `newestFirst` the way to page back */
  before?: number
  types?: readonly string[]
  project?: string
  /** exact, or a prefix ending in `/` */
  subject?: string
  newestFirst?: boolean
  limit?: number
}

interface Pending {
  event: NewEvent
  actor: string
  cause: number | undefined
  receipt: { id: number }
}

export interface Journal {
  /** Makes a change with its events, atomically; resolves with the unit's value when it is durable. See `SqlStore.write`. */
  change<T>(context: ChangeContext, unit: (change: Change) => Promise<T>): Promise<T>
  read(filter?: JournalFilter): Promise<JournalEvent[]>
  /** id of the newest event, 0 when there is none */
  head(): Promise<number>
  /** Calls back after each change of this process that appended something, with the kinds of its events; returns the unsubscriber. */
  subscribe(listener: (newest: number, types: ReadonlySet<string>) => void): () => void
  /** All events after `after`, first the stored, then each new one as it is appended, until `signal` aborts. */
  follow(filter: JournalFilter, signal: AbortSignal): AsyncGenerator<JournalEvent>
  /** Recomputes the hash chain. Errors: `journal_broken` names the first entry that does not fit. */
  verify(): Promise<{ entries: number; hash: string }>
}

const columns = ['id', 'time', 'type', 'project', 'actor', 'subject', 'data', 'cause', 'hash'] as const
const insertChunk = 256
const lockHead = 'select pg_advisory_xact_lock(7305111)'
const insertTexts = new Map<number, string>()

/** The statement that adds so many events. */
function insertText(rows: number): string {
  let text = insertTexts.get(rows)
  if (!text) {
    const row = `(${columns.map(() => '?').join(', ')})`
    text = `insert into journal (${columns.join(', ')}) values ${Array(rows).fill(row).join(', ')}`
    insertTexts.set(rows, text)
  }
  return text
}

export interface JournalOptions {
  /** how often `follow` looks for events of other processes, in milliseconds */
  pollInterval?: number
}

/** The journal over a SQL store; takes the store's hook before commit. */
export function createJournal(store: SqlStore, options: JournalOptions = {}): Journal {
  const listeners = new Set<(newest: number, types: ReadonlySet<string>) => void>()
  const pollInterval = options.pollInterval ?? (store.kind === 'postgres' ? 25 : 1000)

  store.beforeCommit(async (query, leavings, now) => {
    const pending = leavings as Pending[]
    // held to the commit: one order for all control processes
    if (store.kind === 'postgres') void Promise.resolve(query(lockHead, [])).catch(() => {})
    const [last] = await query<{ id: number; hash: string; time: number }>(
      'select id, hash, time from journal order by id desc limit 1',
      [],
    )
    let { id, hash } = last ?? { id: 0, hash: genesis }
    // a clock that jumps back must not reorder the journal
    const time = Math.max(now, last?.time ?? 0)
    const rows = pending.map(({ event, actor, cause, receipt }) => {
      const fields = {
        id: ++id,
        time,
        type: event.type,
        project: event.project,
        actor,
        subject: event.subject,
        data: toJson(event.data),
        cause: event.cause ?? cause ?? null,
      }
      hash = chainHash(hash, fields)
      receipt.id = id
      return { ...fields, hash }
    })
    for (let i = 0; i < rows.length; i += insertChunk) {
      const some = rows.slice(i, i + insertChunk)
      await query(
        insertText(some.length),
        some.flatMap((row) => columns.map((column) => row[column])),
      )
    }
  })

  const select = (filter: JournalFilter) => {
    let query: SelectQueryBuilder<Database, 'journal', object> = store.read.selectFrom('journal')
    if (filter.after !== undefined) query = query.where('id', '>', filter.after)
    if (filter.before !== undefined) query = query.where('id', '<', filter.before)
    if (filter.types && filter.types.length > 0) query = query.where('type', 'in', [...filter.types])
    if (filter.project !== undefined) query = query.where('project', '=', filter.project)
    if (filter.subject?.endsWith('/'))
      query = query.where('subject', '>=', filter.subject).where('subject', '<', `${filter.subject.slice(0, -1)}0`)
    else if (filter.subject !== undefined) query = query.where('subject', '=', filter.subject)
    return query
      .select(columns)
      .orderBy('id', filter.newestFirst ? 'desc' : 'asc')
      .limit(filter.limit ?? 1000)
  }

  const journal: Journal = {
    async change(context, unit) {
      let appended: Pending[] = []
      const value = await store.write(async (tx) => {
        appended = []
        const result = await unit({
          db: tx.db,
          query: tx.query,
          now: tx.now,
          lock: tx.lock,
          onCommit: tx.onCommit,
          context,
          append(event) {
            const receipt = { id: 0 }
            const pending = { event, actor: context.actor, cause: context.cause, receipt }
            appended.push(pending)
            tx.leavings.push(pending)
            return receipt
          },
        })
        return result
      })
      const newest = appended.at(-1)?.receipt.id
      if (newest !== undefined) {
        const types = new Set<string>(appended.map(({ event }) => event.type))
        for (const listener of listeners) listener(newest, types)
      }
      return value
    },

    async read(filter = {}) {
      return (await select(filter).execute()).map((row) => ({ ...row, data: fromJson(row.data) }) as JournalEvent)
    },

    async head() {
      const row = await store.read.selectFrom('journal').select('id').orderBy('id', 'desc').limit(1).executeTakeFirst()
      return row?.id ?? 0
    },

    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    async *follow(filter, signal) {
      let after = filter.after ?? (await journal.head())
      let woken = true
      let wake: (() => void) | undefined
      const rouse = () => {
        woken = true
        wake?.()
      }
      const unsubscribe = journal.subscribe(rouse)
      signal.addEventListener('abort', rouse)
      try {
        while (!signal.aborted) {
          woken = false
          const events = await journal.read({ ...filter, after, newestFirst: false })
          for (const event of events) {
            if (signal.aborted) return
            after = event.id
            yield event
          }
          if (events.length > 0 || woken) continue
          const timer = setTimeout(rouse, pollInterval)
          await new Promise<void>((resolve) => {
            wake = resolve
            if (woken) resolve()
          })
          clearTimeout(timer)
        }
      } finally {
        unsubscribe()
        signal.removeEventListener('abort', rouse)
      }
    },

    async verify() {
      let hash = genesis
      let id = 0
      for (;;) {
        const rows = await select({ after: id, limit: 5000 }).execute()
        if (rows.length === 0) return { entries: id, hash }
        for (const row of rows) {
          if (row.id !== id + 1) throw new KedgeError('journal_broken', { id: id + 1, why: 'is missing' })
          const { hash: stored, ...fields } = row
          hash = chainHash(hash, fields)
          if (hash !== stored) throw new KedgeError('journal_broken', { id: row.id, why: 'does not match its hash' })
          id = row.id
        }
      }
    },
  }
  return journal
}
