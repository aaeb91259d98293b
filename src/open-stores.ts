import { join } from 'node:path'
import type { Config } from './config.ts'
import type { BlobStore } from './contracts/blob-store.ts'
import { KedgeError } from './errors.ts'
import type { Logger } from './log.ts'
import type { EventsStore } from './storage/events/events-store.ts'
import type { SqlStore } from './storage/sql/sql-store.ts'

/** The SQL store that the configuration names; each kind is loaded only when it is used. */
export async function openSql(config: Config, clock: () => number): Promise<SqlStore> {
  if (config.sql === undefined) return (await import('./storage/sql/sqlite.ts')).openSqlite(config.data, clock)
  if (!/^postgres(ql)?:\/\//.test(config.sql)) throw new KedgeError('invalid_input', { what: '--sql must be a postgres:// address' })
  return (await import('./storage/sql/postgres.ts')).openPostgres(config.sql, clock)
}

/** The events store that the configuration names; an embedded one starts at its first use. */
export async function openEvents(config: Config, log: Logger): Promise<EventsStore> {
  if (config.events === undefined)
    return (await import('./storage/events/embedded-events.ts')).createEmbeddedEvents({ dataDirectory: join(config.data, 'events'), log })
  const url = new URL(config.events)
  return (await import('./storage/events/connect-events.ts')).connectEvents({
    url: `${url.protocol}//${url.host}`,
    user: decodeURIComponent(url.username) || 'default',
    password: decodeURIComponent(url.password),
    database: url.pathname.slice(1) || 'default',
  })
}

/** The blob store that the configuration names: a folder, or `s3://bucket/prefix?endpoint=…&region=…`. */
export async function openBlobs(config: Config, environment: Record<string, string | undefined>): Promise<BlobStore> {
  if (config.blobs === undefined) return (await import('./adapters/blobs/directory.ts')).openBlobDirectory(join(config.data, 'blobs'))
  const url = new URL(config.blobs)
  const definition = (await import('./adapters/blobs/s3.ts')).default
  const settings = definition.config.parse({
    kind: 's3',
    bucket: url.host,
    ...(url.pathname.length > 1 ? { prefix: url.pathname.slice(1) } : {}),
    ...Object.fromEntries(url.searchParams),
    ...(environment.AWS_ACCESS_KEY_ID ? { accessKeyId: environment.AWS_ACCESS_KEY_ID, secretAccessKey: environment.AWS_SECRET_ACCESS_KEY } : {}),
  })
  return definition.open(settings, { cacheDirectory: join(config.data, 'blob-cache') })
}
