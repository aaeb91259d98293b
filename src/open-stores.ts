import { join } from 'node:path'
import type { Config } from './config.ts'
import type { BlobStore } from './contracts/blob-store.ts'
import { KedgeError } from './errors.ts'
import type { Logger } from './log.ts'
import type { BucketAccess } from './monitoring/parquet-table.ts'
import type { EventsStore } from './storage/events/events-store.ts'
import type { SqlStore } from './storage/sql/sql-store.ts'

/** The SQL store that the configuration names; each kind is loaded only when it is used. */
export async function openSql(config: Config, clock: () => number): Promise<SqlStore> {
  if (config.sql === undefined) return (await import('./storage/sql/sqlite.ts')).openSqlite(config.data, clock)
  if (!/^postgres(ql)?:\/\//.test(config.sql))
    throw new KedgeError('invalid_input', { what: '--sql must be a postgres:// address' })
  return (await import('./storage/sql/postgres.ts')).openPostgres(config.sql, clock)
}

/** The events store that the configuration names; an embedded one starts at its first use. */
export async function openEvents(config: Config, log: Logger): Promise<EventsStore> {
  if (config.events === undefined)
    return (await import('./storage/events/embedded-events.ts')).createEmbeddedEvents({
      dataDirectory: join(config.data, 'events'),
      log,
    })
  const url = new URL(config.events)
  return (await import('./storage/events/connect-events.ts')).connectEvents({
    url: `${url.protocol}//${url.host}`,
    user: decodeURIComponent(url.username) || 'default',
    password: decodeURIComponent(url.password),
    database: url.pathname.slice(1) || 'default',
  })
}

/** The SQL engine over files of this machine: the events store when it is embedded, else one of our own without state. */
export async function openEngine(config: Config, log: Logger, events: EventsStore): Promise<EventsStore> {
  if (events.kind === 'embedded') return events
  return (await import('./storage/events/embedded-events.ts')).createEmbeddedEvents({
    dataDirectory: join(config.data, 'engine'),
    log,
  })
}

/** The blob store that the configuration names: a folder, or `s3://bucket/prefix?endpoint=…&region=…`. */
export async function openBlobs(config: Config, environment: Record<string, string | undefined>): Promise<BlobStore> {
  if (config.blobs === undefined)
    return (await import('./adapters/blobs/directory.ts')).openBlobDirectory(join(config.data, 'blobs'))
  const definition = (await import('./adapters/blobs/s3.ts')).default
  return definition.open(definition.config.parse(bucketSettings(config.blobs, environment)) as never, {
    cacheDirectory: join(config.data, 'blob-cache'),
  })
}

function bucketSettings(address: string, environment: Record<string, string | undefined>) {
  const url = new URL(address)
  if (url.protocol !== 's3:') throw new KedgeError('invalid_input', { what: '--blobs must be an s3:// address' })
  return {
    kind: 's3',
    bucket: url.host,
    ...(url.pathname.length > 1 ? { prefix: url.pathname.slice(1) } : {}),
    ...Object.fromEntries(url.searchParams),
    ...(environment.AWS_ACCESS_KEY_ID
      ? { accessKeyId: environment.AWS_ACCESS_KEY_ID, secretAccessKey: environment.AWS_SECRET_ACCESS_KEY }
      : {}),
  }
}

interface BucketSettings {
  bucket: string
  prefix: string
  region: string
  endpoint?: string
  accessKeyId?: string
  secretAccessKey?: string
}

/** How a ClickHouse server reads the same bucket; undefined when the blobs are in a folder. */
export async function bucketAccess(
  config: Config,
  environment: Record<string, string | undefined>,
): Promise<BucketAccess | undefined> {
  if (config.blobs === undefined) return undefined
  const { default: definition } = await import('./adapters/blobs/s3.ts')
  const { blobKey } = await import('./adapters/blobs/blob-key.ts')
  const settings = definition.config.parse(bucketSettings(config.blobs, environment)) as BucketSettings
  const base = settings.endpoint
    ? `${settings.endpoint}/${settings.bucket}`
    : `https://${settings.bucket}.s3.${settings.region}.amazonaws.com`
  return {
    url: (digest) =>
      [base.replace(/\/$/, ''), settings.prefix.replace(/\/$/, ''), blobKey(digest)].filter(Boolean).join('/'),
    accessKeyId: settings.accessKeyId ?? '',
    secretAccessKey: settings.secretAccessKey ?? '',
  }
}
