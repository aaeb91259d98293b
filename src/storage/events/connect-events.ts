import { createClient } from '@clickhouse/client'
import { createClickHouseStore, type StoreOptions } from './clickhouse-store.ts'
import { clientOptions } from './client-options.ts'
import type { EventsStore } from './events-store.ts'

export interface ServerOptions extends StoreOptions {
  /** http(s)://host:port */
  url: string
  user?: string
  password?: string
  database?: string
}

/** The events store on a ClickHouse server (24.8 or newer). Connects on first use; the database must exist. */
export function connectEvents(options: ServerOptions): EventsStore {
  const client = createClient({
    ...clientOptions,
    url: options.url,
    username: options.user ?? 'default',
    password: options.password ?? '',
    database: options.database ?? 'default',
  })
  let state: 'not started' | 'ready' | 'stopped' = 'not started'
  return createClickHouseStore(
    {
      kind: 'server',
      place: new URL(options.url).host,
      async client() {
        state = 'ready'
        return client
      },
      status: () => ({ state, restarts: 0 }),
      async close() {
        state = 'stopped'
        await client.close()
      },
    },
    options,
  )
}
