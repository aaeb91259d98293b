import type { RedisClientType } from '@redis/client'
import { z } from 'zod'
import { columnTypes } from '../../../contracts/column.ts'
import { readableBy } from '../../../contracts/readable-by.ts'
import { defineDiscovery, defineSource, type SourceEnvironment } from '../../../contracts/source.ts'
import type { Document } from '../documents/document.ts'
import { documentColumns } from '../documents/document-columns.ts'
import { documentTable } from '../documents/document-table.ts'
import { incrementalSettings } from '../incremental.ts'
import { connectRedis, type RedisPlace, redisError, redisPlace } from './connect.ts'
import { keyPattern } from './key-pattern.ts'
import { keysOf, readKeys } from './read-keys.ts'

const config = z
  .strictObject({
    kind: z.literal('redis'),
    ...redisPlace,
    keys: z.string().min(1).max(1000).check(readableBy(keyPattern)).meta({
      description: 'which keys are rows; parts in braces become columns: user:{id}; * for any text',
    }),
    columns: z.record(z.string().min(1), z.enum(columnTypes)).optional().meta({
      description:
        'fields that are columns; when absent those of the first 1,000 keys. All others are in the column _other',
    }),
    ...incrementalSettings,
  })
  .meta({ id: 'RedisSource' })

const sampled = 1000
/** keys that are looked at to find what there is */
const looked = 10_000

export default defineSource({
  kind: 'redis',
  title: 'Keys of a Redis database: hashes, JSON, texts, lists, sets',
  config,
  discover: defineDiscovery(
    config.pick({ host: true, port: true, db: true, user: true, password: true, tls: true }).strip(),
    (place, environment, limit) =>
      withClient(place, environment, async (client) => {
        const shapes = new Set<string>()
        for (const key of await keysOf(client, '*', looked)) shapes.add(shapeOf(key))
        return [...shapes]
          .sort()
          .slice(0, limit)
          .map((keys) => ({ what: 'keys', title: keys, set: { keys } }))
      }),
  ),
  async open({ kind: _, keys, columns: declared, incremental, lag, key, ...place }, environment) {
    const { glob, names, match } = keyPattern(keys)
    /** Documents by the order of their keys. */
    async function* documents(
      client: RedisClientType,
      most: number | undefined,
      signal?: AbortSignal,
    ): AsyncGenerator<Document> {
      const found = (await keysOf(client, glob)).filter((one) => match(one) !== undefined).sort()
      const wanted = most === undefined ? found : found.slice(0, most)
      for await (const { key: name, fields } of readKeys(client, wanted, place)) {
        signal?.throwIfAborted()
        const parts = match(name)!
        yield { ...fields, ...Object.fromEntries(names.map((part, i) => [part, parts[i]!])), _key: name }
      }
    }
    const columns = await withClient(place, environment, async (client) => {
      const sample: Document[] = []
      if (!declared) for await (const document of documents(client, sampled)) sample.push(document)
      return documentColumns({
        sample,
        own: ['_key', ...names].map((name) => ({ name, type: 'text' })),
        declared,
        texts: true,
      })
    })
    return documentTable({
      columns: columns.map((column) => (column.name === '_key' ? { ...column, type: 'text' } : column)),
      growth: { incremental, lag, key },
      async *read({ rows, signal }) {
        const client = await connectRedis(place, environment)
        try {
          yield* documents(client, rows, signal)
        } catch (error) {
          throw redisError(error, place)
        } finally {
          client.destroy()
        }
      },
    })
  },
})

/** `user:17:cart` is one of `user:*:cart`: parts with digits in them tell keys apart. */
const shapeOf = (key: string) =>
  key
    .split(':')
    .map((part, i) => (i > 0 && /\d/.test(part) ? '*' : part))
    .join(':')

async function withClient<T>(
  place: RedisPlace,
  environment: SourceEnvironment,
  work: (client: RedisClientType) => Promise<T>,
) {
  const client = await connectRedis(place, environment)
  try {
    return await work(client)
  } catch (error) {
    throw redisError(error, place)
  } finally {
    client.destroy()
  }
}
