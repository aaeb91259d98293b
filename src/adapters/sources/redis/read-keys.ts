import type { RedisClientType } from '@redis/client'
import { parseExact } from '../../../contracts/payload.ts'
import { KedgeError } from '../../../errors.ts'
import type { Document } from '../documents/document.ts'
import type { RedisPlace } from './connect.ts'

const page = 500
/** keys are held in memory to be sorted */
const mostKeys = 20_000_000

/** Keys that a pattern of Redis names, each once, in any order; at most so many. Errors: `too_large`. */
export async function keysOf(client: RedisClientType, glob: string, most = mostKeys): Promise<string[]> {
  const keys = new Set<string>()
  let cursor = '0'
  do {
    const found = await client.scan(cursor, { MATCH: glob, COUNT: 1000 })
    for (const key of found.keys) keys.add(key)
    cursor = String(found.cursor)
  } while (cursor !== '0' && keys.size < most)
  if (keys.size >= mostKeys)
    throw new KedgeError('too_large', { what: `What ${glob} names`, limit: `${mostKeys} keys` })
  return [...keys]
}

/** The fields of what is behind keys; one that is gone meanwhile is left out. Errors: `source_unreadable`. */
export async function* readKeys(
  client: RedisClientType,
  keys: readonly string[],
  { host, port }: RedisPlace,
): AsyncGenerator<{ key: string; fields: Document }> {
  for (let at = 0; at < keys.length; at += page) {
    const some = keys.slice(at, at + page)
    const types = await Promise.all(some.map((key) => client.type(key)))
    const values = await Promise.all(some.map((key, i) => fieldsOf(client, key, types[i]!)))
    for (const [i, key] of some.entries()) {
      const fields = values[i]
      if (fields === 'unknown')
        throw new KedgeError(
          'source_unreadable',
          { source: `${host}:${port}`, what: `the key ${key} is a ${types[i]}` },
          { todo: 'Name other keys; a stream is read by a source of kind redis-stream.' },
        )
      if (fields) yield { key, fields }
    }
  }
}

async function fieldsOf(client: RedisClientType, key: string, type: string): Promise<Document | undefined | 'unknown'> {
  switch (type) {
    case 'hash': {
      const found = await client.hGetAll(key)
      return Object.keys(found).length === 0 ? undefined : { ...found }
    }
    case 'string':
      return textFields(await client.get(key))
    case 'ReJSON-RL':
      return textFields(String(await client.sendCommand(['JSON.GET', key])))
    case 'list':
      return { value: await client.lRange(key, 0, -1) }
    case 'set':
      return { value: (await client.sMembers(key)).sort() }
    case 'zset':
      return {
        value: Object.fromEntries(
          (await client.zRangeWithScores(key, 0, -1)).map(({ value, score }) => [value, score]),
        ),
      }
    case 'none':
      return undefined
    default:
      return 'unknown'
  }
}

/** A JSON object's fields; any other text is one value. */
function textFields(text: string | null): Document | undefined {
  if (text === null) return undefined
  if (text.trimStart().startsWith('{'))
    try {
      return parseExact(text) as Document
    } catch {
      // no JSON
    }
  return { value: text }
}
