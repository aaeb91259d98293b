import type { RedisClientType } from '@redis/client'
import { z } from 'zod'
import { type SecretReference, secretReference } from '../../../contracts/source.ts'
import { tlsOptions, tlsSettings } from '../../../contracts/stream-source.ts'
import { KedgeError } from '../../../errors.ts'

/** Where a Redis is, and who asks. */
export const redisPlace = {
  host: z.string().min(1).max(253),
  port: z.number().int().min(1).max(65535).default(6379),
  db: z.number().int().min(0).max(10_000).default(0),
  user: z.string().min(1).optional(),
  password: secretReference.optional(),
  tls: tlsSettings.optional(),
}
const place = z.object(redisPlace)
export type RedisPlace = z.infer<typeof place>

interface World {
  checkedHost(host: string): Promise<string>
  secret(reference: SecretReference): Promise<string>
}

const patience = 10_000

/** A connection that ends with its first fault. Errors: `source_…`. */
export async function connectRedis(
  to: RedisPlace,
  world: World,
  lost?: (error: unknown) => void,
): Promise<RedisClientType> {
  // with the first source: a server without one need not load it
  const { createClient } = await import('@redis/client')
  const [host, password, tls] = await Promise.all([
    world.checkedHost(to.host),
    to.password && world.secret(to.password),
    tlsOptions(to.tls, to.host, world.secret),
  ])
  const client = createClient({
    socket: {
      host,
      port: to.port,
      connectTimeout: patience,
      reconnectStrategy: false,
      ...(tls ? { tls: true as const, ...tls } : {}),
    },
    database: to.db,
    ...(to.user === undefined ? {} : { username: to.user }),
    ...(password === undefined ? {} : { password }),
    disableOfflineQueue: true,
  }) as unknown as RedisClientType
  client.on('error', (error) => lost?.(redisError(error, to)))
  try {
    await client.connect()
    return client
  } catch (error) {
    client.destroy()
    throw redisError(error, to)
  }
}

/** What the client says, in terms of the source. */
export function redisError(error: unknown, { host, port }: RedisPlace): unknown {
  if (error instanceof KedgeError || (error as Error).name === 'AbortError') return error
  const { message = '', code, name = '' } = error as Error & { code?: string }
  const details = { source: `${host}:${port}`, what: message }
  // a reply of Redis begins with a word in capitals
  if (/^(ERR|WRONGPASS|NOAUTH|NOPERM|WRONGTYPE|BUSYGROUP|NOGROUP|LOADING|MOVED) /.test(message))
    return new KedgeError('source_refused', details, { cause: error as Error })
  if (code !== undefined || /closed|timeout|Socket|Connection/i.test(`${name} ${message}`))
    return new KedgeError('source_unreachable', details, { cause: error as Error })
  return error
}
