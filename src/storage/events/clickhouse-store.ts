import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import { KedgeError } from '../../errors.ts'
import { eventsError, isTransportError } from './events-error.ts'
import type {
  CommandOptions,
  EventsKind,
  EventsParams,
  EventsSettings,
  EventsStatus,
  EventsStore,
  InsertOptions,
} from './events-store.ts'
import { migrate } from './migrations.ts'
import { ndjson } from './ndjson.ts'
import type { BinaryRows } from './row-binary.ts'

/** Where the engine is. `client` waits until it is there, starts it if need be, and throws a KedgeError when it cannot. */
export interface EngineAccess {
  kind: EventsKind
  /** for messages: the data directory or the address */
  place: string
  client(signal?: AbortSignal): Promise<ClickHouseClient>
  /** told after every statement that the engine carried out */
  worked?(): void
  status(): Omit<EventsStatus, 'kind'>
  close(): Promise<void>
}

export interface StoreOptions {
  /** how long a statement that the engine's death interrupted is tried again, milliseconds */
  retryFor?: number
}

/** A query that was in flight at this many deaths of the engine is taken as their cause. Inserts are not known to be. */
const DEATHS_A_QUERY = 3

const QUERY_SETTINGS: EventsSettings = {
  output_format_json_quote_64bit_integers: 0,
  output_format_json_quote_denormals: 0,
  date_time_output_format: 'iso',
}
const INSERT_SETTINGS: EventsSettings = {
  date_time_input_format: 'best_effort',
  input_format_null_as_default: 0,
  input_format_skip_unknown_fields: 0,
  max_partitions_per_insert_block: 1000,
  async_insert: 0,
}

const asClientSettings = (settings: EventsSettings) =>
  Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, typeof value === 'boolean' ? Number(value) : value]),
  )

const TABLE = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)?$/

/** The events store over the official ClickHouse client, whatever kind of engine `access` leads to. */
export function createClickHouseStore(access: EngineAccess, options: StoreOptions = {}): EventsStore {
  const retryFor = options.retryFor ?? 30_000
  const inFlight = new Set<Promise<unknown>>()
  let closed = false
  let migrated: Promise<void> | undefined

  /** Runs `work`, again while the engine is away and `repeatable`. */
  async function attempt<T>(
    work: (client: ClickHouseClient, deaths: number) => Promise<T>,
    repeatable: boolean,
    signal?: AbortSignal,
    mortality = DEATHS_A_QUERY,
  ): Promise<T> {
    const deadline = performance.now() + retryFor
    for (let deaths = 0, wait = 20; ; wait = Math.min(wait * 2, 1000)) {
      if (closed) throw new KedgeError('unavailable', { what: 'The events store is closed' })
      if (signal?.aborted) throw new KedgeError('cancelled', { what: 'The query' })
      const client = await access.client(signal)
      try {
        const done = await work(client, deaths)
        access.worked?.()
        return done
      } catch (error) {
        if (signal?.aborted) throw new KedgeError('cancelled', { what: 'The query' }, { cause: error })
        if (!isTransportError(error)) throw eventsError(error)
        const refused = (error as { code?: string }).code === 'ECONNREFUSED'
        if (!refused) deaths++
        if (!(refused || repeatable) || deaths >= mortality || performance.now() + wait > deadline)
          throw eventsError(error)
        await pause(wait)
      }
    }
  }

  const plain = {
    query: <T>(sql: string, params?: EventsParams, { signal, settings }: CommandOptions = {}) =>
      attempt<T[]>(
        async (client) => {
          const result = await client.query({
            query: sql,
            query_params: params,
            format: 'JSONEachRow',
            abort_signal: signal,
            clickhouse_settings: asClientSettings({ ...QUERY_SETTINGS, ...settings }),
          })
          return result.json<T>()
        },
        true,
        signal,
      ),
    command: (sql: string, params?: EventsParams, { signal, settings, repeatable = false }: CommandOptions = {}) =>
      attempt<void>(
        async (client) => {
          await client.command({
            query: sql,
            query_params: params,
            abort_signal: signal,
            clickhouse_settings: asClientSettings({ ...settings, wait_end_of_query: 1 }),
          })
        },
        repeatable,
        signal,
      ),
    insert: (
      table: string,
      rows: readonly object[] | BinaryRows,
      { token = randomUUID(), settings }: InsertOptions = {},
    ) =>
      attempt<void>(
        async (client, deaths) => {
          const values =
            'bytes' in rows
              ? Readable.from([rows.bytes], { objectMode: false })
              : Readable.from(ndjson(rows), { objectMode: false })
          // a server that died between noting a token and keeping its rows would drop the repetition; our own process mends that
          const { stream } = await client.exec({
            query:
              'bytes' in rows
                ? `INSERT INTO ${table} (${rows.columns.join(', ')}) FORMAT RowBinary`
                : `INSERT INTO ${table} FORMAT JSONEachRow`,
            values,
            clickhouse_settings: asClientSettings({
              ...INSERT_SETTINGS,
              ...settings,
              insert_deduplication_token: deaths > 0 && access.kind === 'server' ? `${token} again` : token,
              wait_end_of_query: 1,
            }),
          })
          for await (const _ of stream) {
            // the answer has no body; reading to its end frees the connection
          }
        },
        true,
        undefined,
        Number.POSITIVE_INFINITY,
      ),
  }

  async function ready() {
    migrated ??= migrate(plain, access.place).catch((error) => {
      migrated = undefined
      throw error
    })
    await migrated
  }

  function track<T>(work: () => Promise<T>): Promise<T> {
    const running = ready().then(work)
    const settled = running.then(
      () => {},
      () => {},
    )
    inFlight.add(settled)
    void settled.then(() => inFlight.delete(settled))
    return running
  }

  return {
    kind: access.kind,
    query: (sql, params, options) => track(() => plain.query(sql, params, options)),
    command: (sql, params, options) => track(() => plain.command(sql, params, options)),
    async insert(table, rows, options) {
      if (!TABLE.test(table)) throw new KedgeError('events_query_invalid', { what: `"${table}" is no table name` })
      if (('bytes' in rows ? rows.bytes : rows).length > 0) await track(() => plain.insert(table, rows, options))
    },
    status: () => ({ kind: access.kind, ...access.status() }),
    async close() {
      if (closed) return
      await Promise.all(inFlight)
      closed = true
      await access.close()
    },
  }
}
