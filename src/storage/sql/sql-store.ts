import type { Kysely } from 'kysely'
import type { Database } from './schema.ts'

/**
 * Runs one statement past the query builder, where building it would cost more than running it. `?` stands for each
 * parameter; a text is prepared once, so it is one of few. SQLite answers at once, PostgreSQL with a promise.
 */
export type Query = <Row>(text: string, parameters: readonly unknown[]) => Row[] | Promise<Row[]>

/** One atomic piece of work inside a group commit. */
export interface WriteUnit {
  /** queries of this unit; nothing outside sees them before the commit */
  readonly db: Kysely<Database>
  /** the same transaction without the query builder */
  readonly query: Query
  /** milliseconds since 1970, the same for the whole unit */
  readonly now: number
  /** Holds every other unit, of any process, that asks for the same name, until this one has committed. */
  lock(name: string): Promise<void>
  /** Runs after the unit is durable; never when it failed. */
  onCommit(callback: () => void): void
  /** what the unit leaves for the hook that runs before the commit (the journal's events) */
  readonly leavings: unknown[]
}

export interface SqlStore {
  readonly kind: 'sqlite' | 'postgres'
  /** Committed state only. Never write through it. */
  readonly read: Kysely<Database>
  /** The same without the query builder. */
  readonly readQuery: Query
  /**
   * Runs `unit` in a transaction and resolves when its writes are durable. Units of concurrent callers share one commit,
   * but each is atomic by itself: one that throws is undone alone and its error is thrown to its caller. A unit may be
   * run again after a lost connection or a deadlock, or because another unit of its commit failed, so its only effects are through `db`; it awaits nothing else.
   */
  write<T>(unit: (tx: WriteUnit) => Promise<T>): Promise<T>
  /** `hook` sees the leavings of all units of a commit, in order, inside their transaction. There is one hook. */
  beforeCommit(hook: (query: Query, leavings: unknown[], now: number) => Promise<void>): void
  /** Lets go of memory that only makes the next reads quicker. */
  rest(): void
  close(): Promise<void>
}
