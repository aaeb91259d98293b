import type { RedisClientType } from '@redis/client'
import { z } from 'zod'
import { defineStreamSource, streamSettings } from '../../../contracts/stream-source.ts'
import { asKedgeError } from '../../../errors.ts'
import { connectRedis, redisError, redisPlace } from '../../sources/redis/connect.ts'
import { createGate } from '../gate.ts'
import { payloadForm } from '../payload-form.ts'
import { createReconnect } from '../reconnect.ts'
import { isAfter } from './entry-id.ts'

interface Position {
  /** the key that the rest is about */
  key: string
  /** id of the last entry that is landed */
  last: string
}
type Entry = { id: string; message: Record<string, string | Buffer> }

const { payload, ...settings } = streamSettings(payloadForm)
/** entries that are asked for at once */
const page = 2000
/** how long Redis waits for entries, in milliseconds */
const wait = 200

export default defineStreamSource({
  kind: 'redis-stream',
  title: 'A stream of a Redis database',
  config: z
    .strictObject({
      kind: z.literal('redis-stream'),
      ...redisPlace,
      key: z.string().min(1).max(1000).meta({ description: 'key of the stream' }),
      group: z.string().min(1).max(200).optional().meta({
        description: 'consumer group, to share the entries with other programs; one of its own when absent',
      }),
      start: z
        .enum(['earliest', 'latest'])
        .default('earliest')
        .meta({ description: 'where a group begins that is not there yet' }),
      field: z.string().min(1).optional().meta({
        description:
          'field of the entries with a message in the form of payload; when absent their fields are the columns',
      }),
      payload,
      ...settings,
    })
    .meta({ id: 'RedisStreamSource' }),
  columns: [
    { name: '_entry', type: 'text' },
    { name: '_time', type: 'int' },
  ],
  linger: 5,
  async open(config, stored, sink, environment) {
    const group = config.group ?? environment.identity
    const place = `${config.host}:${config.port}/${config.key}`
    const position = stored as Position | null
    /** entries up to here were handed over: Redis gives a consumer its entries in their order */
    let last = position?.key === config.key ? position.last : undefined
    let given: string[] = []
    let client: RedisClientType | undefined
    let closed = false
    const gate = createGate()
    const reconnect = createReconnect(() => void connect())
    let acknowledging: Promise<unknown> = Promise.resolve()

    function take({ id, message }: Entry) {
      given.push(id)
      if (last !== undefined && !isAfter(id, last)) return sink.repeated(1)
      last = id
      const columns = { _entry: id, _time: Number(id.split('-')[0]) }
      const at = `${place}/${id}`
      if (config.field === undefined)
        return sink.take({ payload: new Uint8Array(), row: message, topic: config.key, place: at, columns })
      sink.take({
        payload: Buffer.from(message[config.field] ?? ''),
        topic: config.key,
        place: at,
        columns,
      })
    }

    async function makeGroup(from: RedisClientType) {
      try {
        await from.xGroupCreate(config.key, group, config.start === 'earliest' ? '0' : '$', { MKSTREAM: true })
      } catch (error) {
        if (!String((error as Error).message).startsWith('BUSYGROUP')) throw error
      }
    }

    /** First what this consumer was given and has not acknowledged, then what is new. */
    async function read(from: RedisClientType) {
      let after = '0'
      while (!closed && from === client) {
        await gate.ready()
        if (closed || from !== client) return
        const found = (await from.xReadGroup(
          group,
          'kedge',
          { key: config.key, id: after },
          {
            COUNT: page,
            ...(after === '>' ? { BLOCK: wait } : {}),
          },
        )) as { messages: Entry[] }[] | null
        const entries = found?.[0]?.messages ?? []
        // an entry that was deleted before it was acknowledged has no fields
        for (const entry of entries)
          if (entry.message === null) given.push(entry.id)
          else take(entry)
        if (after !== '>') after = entries.length === 0 ? '>' : entries.at(-1)!.id
      }
    }

    async function connect() {
      try {
        const made = await connectRedis(config, environment, (error) => lost(made, error))
        client = made
        if (closed) return made.destroy()
        await makeGroup(made)
        reconnect.succeeded()
        sink.connection('connected')
        await read(made)
      } catch (error) {
        lost(client, error)
      }
    }

    function lost(from: RedisClientType | undefined, error: unknown) {
      if (closed || from !== client) return
      client = undefined
      // entries that are not acknowledged come again
      given = []
      from?.destroy()
      sink.connection('connecting', asKedgeError(redisError(error, config)).withTodo())
      reconnect.later()
    }

    sink.connection('connecting')
    void connect()
    return {
      mark() {
        const ids = given
        given = []
        const from = client
        return {
          position: (last === undefined ? null : { key: config.key, last }) satisfies Position | null,
          acknowledge() {
            // those of an earlier connection come again, and are known
            if (ids.length > 0 && from && from === client)
              acknowledging = from.xAck(config.key, group, ids).catch(() => {})
          },
        }
      },
      pause: gate.close,
      resume: gate.open,
      lag: async () => null,
      async close() {
        closed = true
        reconnect.stop()
        gate.open()
        const from = client
        await Promise.race([acknowledging, new Promise((done) => setTimeout(done, 1000).unref())])
        client = undefined
        from?.destroy()
      },
      async forget() {
        if (config.group !== undefined) return
        const from = await connectRedis(config, environment)
        await from.xGroupDestroy(config.key, group).finally(() => from.destroy())
      },
    }
  },
})
