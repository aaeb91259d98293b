import { Admin, ProduceAcks, Producer } from '@platformatic/kafka'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { streams } from '../../src/adapters/streams/index.generated.ts'
import type { StreamFeed, StreamMessage, StreamSettings } from '../../src/contracts/stream-source.ts'
import { KedgeError } from '../../src/errors.ts'
import { postgresPrograms, startPostgres } from '../servers/postgres.ts'
import { redisObstacle, startRedis } from '../servers/redis.ts'
import { publisher, startAedes } from './brokers.ts'
import { kafkaObstacle, startKafka } from './kafka-server.ts'

interface Peer {
  config: object
  send(payloads: string[]): Promise<void>
  stop(): Promise<void>
}

const obstacles: Record<string, string | undefined> = {
  kafka: await kafkaObstacle(),
  'redis-stream': redisObstacle,
  'postgres-changes': postgresPrograms() ? undefined : 'PostgreSQL is not installed',
}

/** Where messages of each kind come from; every kind that is read needs one here. */
const peers: Record<string, () => Promise<Peer>> = {
  mqtt: async () => {
    const broker = await startAedes()
    const client = await publisher(broker.port)
    return {
      config: { kind: 'mqtt', host: '127.0.0.1', port: broker.port, version: '3.1.1', topic: 'c/{device}' },
      async send(payloads) {
        for (const payload of payloads) await client.publishAsync('c/d', payload, { qos: 1 })
      },
      async stop() {
        await client.endAsync()
        await broker.stop()
      },
    }
  },
  'redis-stream': async () => {
    const server = await startRedis('hunter2')
    return {
      config: {
        kind: 'redis-stream',
        host: '127.0.0.1',
        port: server.port,
        password: { secret: 's' },
        key: 'c',
        field: 'm',
      },
      async send(payloads) {
        for (const m of payloads) await server.client.xAdd('c', '*', { m })
      },
      stop: server.stop,
    }
  },
  'postgres-changes': async () => {
    const server = await startPostgres({ wal_level: 'logical' })
    const client = new pg.Client({ connectionString: server.url() })
    await client.connect()
    await client.query('CREATE TABLE c (v text PRIMARY KEY)')
    return {
      config: {
        kind: 'postgres-changes',
        host: '127.0.0.1',
        port: server.port,
        database: 'postgres',
        table: 'c',
        user: 'kedge',
      },
      async send(payloads) {
        for (const v of payloads) await client.query('INSERT INTO c VALUES ($1)', [v])
      },
      async stop() {
        await client.end()
        await server.stop()
      },
    }
  },
  kafka: async () => {
    const server = await startKafka()
    const options = { clientId: 'c', bootstrapBrokers: [`127.0.0.1:${server.port}`], retries: 20, retryDelay: 200 }
    const admin = new Admin(options)
    await admin.createTopics({ topics: ['c'], partitions: 1, replicas: 1 })
    await admin.close()
    const producer = new Producer(options)
    return {
      config: { kind: 'kafka', brokers: options.bootstrapBrokers, topics: ['c'] },
      async send(payloads) {
        await producer.send({
          acks: ProduceAcks.ALL,
          messages: payloads.map((value) => ({ topic: 'c', value: Buffer.from(value) })),
        })
      },
      async stop() {
        await producer.close()
        await server.stop()
      },
    }
  },
}

describe.each(streams.map((definition) => [definition.kind, definition] as const))(
  'every kind of stream: %s',
  (kind, definition) => {
    it('describes itself, with the settings that all have', () => {
      const smallest = {
        push: { kind },
        mqtt: { kind, host: 'h', topic: 't' },
        kafka: { kind, brokers: ['h:1'], topics: ['t'] },
        'redis-stream': { kind, host: 'h', key: 'k' },
        'postgres-changes': { kind, host: 'h', database: 'd', table: 't', user: 'u' },
      }[kind]
      const config = definition.config.parse(smallest) as StreamSettings
      expect(config).toMatchObject({ land: { seconds: 30 }, versions: { seconds: 300 }, columns: {} })
      expect(definition.columns.every(({ name }) => name.startsWith('_'))).toBe(true)
      const name = z.toJSONSchema(definition.config, { io: 'input', unrepresentable: 'any' }).$ref
      expect(name).toMatch(/Source$/)
      expect(definition.config.safeParse({ ...smallest, lnad: {} }).success).toBe(false)
      // where rows are sent there is no form of messages
      if (!config.payload) return
      const wrong = {
        ...smallest,
        payload: { format: 'protobuf', schema: 'syntax = "proto3"; message A {}', message: 'B' },
      }
      expect(definition.config.safeParse(wrong).error?.issues[0]).toMatchObject({
        path: ['payload'],
        message: expect.stringMatching(/no such type: B/),
      })
    })

    describe.skipIf(!definition.open || obstacles[kind])('and its feed', () => {
      let peer: Peer
      beforeAll(async () => {
        peer = await peers[kind]!()
      }, 60_000)
      afterAll(() => peer.stop())

      async function open(position: unknown, more: object = {}, checkedHost = async (host: string) => host) {
        const taken: StreamMessage[] = []
        const reasons: string[] = []
        const states: string[] = []
        let waiting: { is(): boolean; done(): void } | undefined
        const look = () => waiting?.is() && waiting.done()
        const feed: StreamFeed = await definition.open!(
          definition.config.parse({ ...peer.config, ...more }),
          position,
          {
            take(message) {
              taken.push(message)
              look()
            },
            repeated: () => {},
            connection(state, reason) {
              states.push(state)
              if (reason) reasons.push(reason)
              look()
            },
          },
          { identity: 'conformance', checkedHost, secret: async () => 'hunter2' },
        )
        const until = (is: () => boolean) =>
          new Promise<void>((done) => {
            waiting = { is, done }
            look()
          })
        // the begin and the end of a snapshot are no rows
        const texts = () =>
          taken
            .filter(({ row }) => !row || row.v !== undefined)
            .map(({ payload, row }) => (row ? String(row.v) : Buffer.from(payload).toString()))
        return { feed, texts, reasons, states, until }
      }

      it('gives again what was not acknowledged, and not what is landed', { timeout: 20_000 }, async () => {
        const first = await open(null)
        await first.until(() => first.states.includes('connected'))
        await peer.send(['a', 'b'])
        await first.until(() => first.texts().at(-1) === 'b')
        const landed = first.feed.mark()
        const position = JSON.parse(JSON.stringify(landed.position))
        landed.acknowledge()
        await peer.send(['c'])
        await first.until(() => first.texts().at(-1) === 'c')
        // never landed, never acknowledged
        first.feed.mark()
        await first.feed.close()

        const second = await open(position)
        await second.until(() => second.texts().length >= 1)
        await peer.send(['d'])
        await second.until(() => second.texts().at(-1) === 'd')
        expect(second.texts()).toEqual(['c', 'd'])
        second.feed.mark().acknowledge()
        second.feed.pause()
        await second.feed.close()
      })

      it('calls no address that is guarded, and shows no secret', async () => {
        const guarded = await open(null, {}, async (host) => {
          throw new KedgeError('address_guarded', { host })
        })
        await guarded.until(() => guarded.reasons.length > 0)
        await guarded.feed.close()
        expect(guarded.reasons[0]).toMatch(/--allow-source-host/)
        const secret =
          kind === 'kafka'
            ? { sasl: { user: 'u', password: { secret: 's' } } }
            : { user: 'u', password: { secret: 's' } }
        const away = kind === 'kafka' ? { brokers: ['127.0.0.1:1'] } : { port: 1 }
        const lost = await open(null, { ...secret, ...away })
        await lost.until(() => lost.reasons.length > 0)
        await lost.feed.close()
        expect(lost.reasons.join()).not.toContain('hunter2')
        expect(lost.reasons[0]).not.toBe('')
      }, 30_000)
    })
  },
)
