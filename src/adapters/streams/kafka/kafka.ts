import type { Consumer, GroupAssignment } from '@platformatic/kafka'
import { z } from 'zod'
import { secretReference } from '../../../contracts/source.ts'
import { defineStreamSource, streamSettings, tlsOptions, tlsSettings } from '../../../contracts/stream-source.ts'
import { KedgeError } from '../../../errors.ts'
import { createGate } from '../gate.ts'
import { payloadForm } from '../payload-form.ts'
import { createReconnect } from '../reconnect.ts'
import { beginningOffsets, type Offsets, partitionKey } from './offsets.ts'
import { readNode } from './read-node.ts'

const broker = /^([^:\s]+|\[[^\]]+\]):(\d{1,5})$/
const mechanisms = { plain: 'PLAIN', 'scram-sha-256': 'SCRAM-SHA-256', 'scram-sha-512': 'SCRAM-SHA-512' } as const
/** the group's offsets are for people and for a first start: what is landed is in our own store */
const commitEvery = 1000

export default defineStreamSource({
  kind: 'kafka',
  title: 'Topics of a Kafka cluster',
  config: z
    .strictObject({
      kind: z.literal('kafka'),
      brokers: z
        .array(z.string().regex(broker, 'is not host:port'))
        .min(1)
        .max(50)
        .meta({ description: 'host:port of some brokers; the others are found' }),
      topics: z.array(z.string().min(1).max(249)).min(1).max(100),
      group: z.string().min(1).max(249).optional().meta({ description: 'consumer group; one of its own when absent' }),
      start: z
        .enum(['earliest', 'latest'])
        .default('earliest')
        .meta({ description: 'where to begin in a partition of which the group has read nothing' }),
      sasl: z
        .strictObject({
          mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']).default('scram-sha-512'),
          user: z.string().min(1),
          password: secretReference,
        })
        .optional(),
      tls: tlsSettings.optional(),
      ...streamSettings(payloadForm),
    })
    .meta({ id: 'KafkaSource' }),
  columns: [
    { name: '_topic', type: 'text' },
    { name: '_partition', type: 'int' },
    { name: '_offset', type: 'int' },
    { name: '_key', type: 'text' },
    { name: '_time', type: 'int' },
  ],
  linger: 40,
  async open(config, stored, sink, environment) {
    // with the first stream: a server without one need not load it
    const { Consumer, ListOffsetTimestamps } = await import('@platformatic/kafka')
    const next: Offsets = { ...(stored as { offsets?: Offsets } | null)?.offsets }
    let consumer: Consumer | undefined
    let abort = new AbortController()
    let behind: number | null = null
    let closed = false
    const gate = createGate()
    const reconnect = createReconnect(() => void connect())
    let committedAt = 0
    let committing = false

    async function connect() {
      try {
        for (const address of config.brokers) await environment.checkedHost(broker.exec(address)![1]!)
        const [password, tls] = await Promise.all([
          config.sasl && environment.secret(config.sasl.password),
          tlsOptions(config.tls, '', environment.secret),
        ])
        if (closed) return
        const made = new Consumer({
          groupId: config.group ?? environment.identity,
          clientId: environment.identity,
          bootstrapBrokers: config.brokers,
          autocommit: false,
          retries: 1,
          connectTimeout: 10_000,
          sessionTimeout: 10_000,
          heartbeatInterval: 2000,
          rebalanceTimeout: 20_000,
          metadataMaxAge: 60_000,
          ...(tls ? { tls: { ...tls, servername: tls.servername || undefined } as never, tlsServerName: true } : {}),
          ...(config.sasl
            ? {
                sasl: {
                  mechanism: mechanisms[config.sasl.mechanism],
                  username: config.sasl.user,
                  password: password!,
                },
              }
            : {}),
        })
        consumer = made
        made.on('consumer:heartbeat:error', () => {})
        made.on('consumer:group:join', () => void read(made).catch((error) => lost(made, error)))
        made.topics.trackAll(...config.topics)
        await made.joinGroup({})
      } catch (error) {
        lost(consumer, error)
      }
    }

    /** Reads the partitions that the group gave to this member, until it gives others. */
    async function read(from: Consumer) {
      abort.abort()
      const mine = new AbortController()
      abort = mine
      const assigned: GroupAssignment[] = from.assignments ?? []
      const topics = assigned.map(({ topic }) => topic)
      const at: Offsets = {}
      if (topics.length > 0) {
        const [committed, start] = await Promise.all([
          from.listCommittedOffsets({ topics: assigned }),
          from.listOffsets({
            topics,
            timestamp: config.start === 'earliest' ? ListOffsetTimestamps.EARLIEST : ListOffsetTimestamps.LATEST,
          }),
        ])
        Object.assign(at, beginningOffsets(assigned, next, committed, start))
      }
      const metadata = await from.metadata({ topics: config.topics, forceUpdate: true })
      const missing = config.topics.find((topic) => (metadata.topics.get(topic)?.partitionsCount ?? 0) === 0)
      if (missing !== undefined)
        throw new KedgeError('source_refused', {
          source: config.brokers.join(','),
          what: `there is no topic ${missing}`,
        })
      for (const { host } of metadata.brokers.values()) await environment.checkedHost(host)
      if (mine.signal.aborted || closed) return
      reconnect.succeeded()
      sink.connection('connected')
      const nodes = new Map<number, { topic: string; partition: number }[]>()
      for (const { topic, partitions } of assigned)
        for (const partition of partitions) {
          const { leader } = metadata.topics.get(topic)!.partitions[partition]!
          nodes.set(leader, [...(nodes.get(leader) ?? []), { topic, partition }])
        }
      const lags = new Map<string, number>()
      await Promise.all(
        [...nodes].map(([node, partitions]) =>
          readNode({
            consumer: from,
            node,
            partitions,
            metadata,
            offsets: at,
            signal: mine.signal,
            ready: gate.ready,
            take(topic, partition, records) {
              const key = partitionKey(topic, partition)
              for (const message of records) {
                // a mark may be made within a batch
                next[key] = (message.columns._offset as number) + 1
                sink.take(message)
              }
              next[key] = at[key]!
            },
            lag(topic, partition, messages) {
              lags.set(partitionKey(topic, partition), messages)
              behind = [...lags.values()].reduce((sum, lag) => sum + lag, 0)
            },
          }),
        ),
      )
    }

    function lost(from: Consumer | undefined, error: unknown) {
      if (closed || from !== consumer) return
      abort.abort()
      consumer = undefined
      from?.close(true, () => {})
      const what = error instanceof KedgeError ? error.withTodo() : reasonOf(error)
      sink.connection('connecting', what)
      reconnect.later()
    }

    /** Tells the group how far it is, at most once a second. */
    function commit(offsets: Offsets) {
      const now = performance.now()
      const from = consumer
      if (!from || committing || now - committedAt < commitEvery) return
      committedAt = now
      committing = true
      void from
        .commit({ offsets: commitsOf(offsets, from.assignments) })
        .catch(() => {})
        .finally(() => {
          committing = false
        })
    }

    sink.connection('connecting')
    void connect()
    let acknowledged: Offsets | undefined
    return {
      mark() {
        const offsets = { ...next }
        return {
          position: { offsets },
          acknowledge() {
            acknowledged = offsets
            commit(offsets)
          },
        }
      },
      pause: gate.close,
      resume: gate.open,
      lag: async () => behind,
      async close() {
        closed = true
        reconnect.stop()
        abort.abort()
        gate.open()
        const from = consumer
        if (!from) return
        if (acknowledged)
          await Promise.race([
            from.commit({ offsets: commitsOf(acknowledged, from.assignments) }).catch(() => {}),
            new Promise((done) => setTimeout(done, 2000).unref()),
          ])
        await new Promise<void>((done) => {
          setTimeout(done, 2000).unref()
          from.close(true, () => done())
        })
      },
    }
  },
})

const commitsOf = (offsets: Offsets, assigned: GroupAssignment[] | null) =>
  (assigned ?? []).flatMap(({ topic, partitions }) =>
    partitions.flatMap((partition) => {
      const offset = offsets[partitionKey(topic, partition)]
      return offset === undefined ? [] : [{ topic, partition, offset: BigInt(offset), leaderEpoch: -1 }]
    }),
  )

/** The innermost of the errors that the library wraps says what happened. */
function reasonOf(error: unknown): string {
  const inner = (error as { errors?: unknown[] }).errors?.[0] ?? (error as { cause?: unknown }).cause
  if (inner !== undefined && inner !== null) return reasonOf(inner)
  return error instanceof Error ? error.message : String(error)
}
