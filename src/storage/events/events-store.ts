import type { BinaryRows } from './row-binary.ts'

/** What every part of Kedge sees of the events store: a ClickHouse, embedded or a server, and never which of them. */
export interface EventsStore {
  readonly kind: EventsKind
  /**
   * Rows of a query. `params` are bound by the engine: `{name:Type}` in the SQL, `{name:Identifier}` for a table or column.
   * 64-bit integers come as numbers, NaN as null, times as ISO 8601 in UTC. Repeated by itself when the engine dies under it.
   * Errors: `events_query_invalid`, `events_data_invalid`, `events_limit`, `not_found` (a file), `cancelled`, `unavailable`.
   */
  query<T>(sql: string, params?: EventsParams, options?: QueryOptions): Promise<T[]>
  /** A statement without rows (DDL, INSERT … SELECT). Not repeated once the engine may have begun it, unless `repeatable`. */
  command(sql: string, params?: EventsParams, options?: CommandOptions): Promise<void>
  /**
   * Rows as objects, or as bytes that nobody has to read as text; resolves only when durable. Strict: an unknown column, or a
   * null (also NaN) in a column that is not Nullable, is `events_data_invalid` and nothing of the call is kept.
   * `token` makes a repeated insert a no-op, provided that the same rows come in the same order.
   */
  insert(table: string, rows: readonly object[] | BinaryRows, options?: InsertOptions): Promise<void>
  status(): EventsStatus
  /** Waits for what is in flight, then lets go of the engine. Idempotent. */
  close(): Promise<void>
}

export type EventsKind = 'embedded' | 'server'
export type EventsParams = Record<string, unknown>
export type EventsSettings = Record<string, string | number | boolean>

export interface QueryOptions {
  /** Aborting stops the query in the engine too. */
  signal?: AbortSignal
  settings?: EventsSettings
}

export interface CommandOptions extends QueryOptions {
  /** The statement may run twice without harm, so repeat it when the engine dies under it. */
  repeatable?: boolean
}

export interface InsertOptions {
  token?: string
  settings?: EventsSettings
}

export interface EventsStatus {
  kind: EventsKind
  state: 'not started' | 'starting' | 'ready' | 'restarting' | 'stopped'
  pid?: number
  restarts: number
}

/** The part of a pino logger that the store uses. */
export interface EventsLog {
  debug(details: object, message: string): void
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}
