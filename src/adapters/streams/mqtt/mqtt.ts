import { crc32 } from 'node:zlib'
import type { IPublishPacket } from 'mqtt-packet'
import { z } from 'zod'
import { readableBy } from '../../../contracts/readable-by.ts'
import { secretReference } from '../../../contracts/source.ts'
import { defineStreamSource, streamSettings, tlsOptions, tlsSettings } from '../../../contracts/stream-source.ts'
import { asKedgeError, type KedgeError } from '../../../errors.ts'
import { payloadForm } from '../payload-form.ts'
import { createReconnect } from '../reconnect.ts'
import { topicPattern } from '../topic-pattern.ts'
import type { Connection } from './connection.ts'
import { createReceipts, type Receipt } from './receipts.ts'

interface Position {
  /** what the session is subscribed to */
  filter?: string
  receipts?: string
}

const pattern = z.string().min(1).max(1000).check(readableBy(topicPattern))
const retainHandling = { always: 0, once: 1, never: 2 } as const

export default defineStreamSource({
  kind: 'mqtt',
  title: 'Topics of an MQTT broker (5 or 3.1.1)',
  config: z
    .strictObject({
      kind: z.literal('mqtt'),
      host: z.string().min(1).max(253),
      port: z.number().int().min(1).max(65535).optional().meta({ description: '1883, with tls 8883, when absent' }),
      version: z.enum(['5', '3.1.1']).default('5'),
      topic: pattern.meta({
        description: 'levels in braces become columns: devices/{site}/{device}/temp; + and # as in MQTT',
      }),
      group: z
        .string()
        .regex(/^[^/+#]+$/)
        .optional()
        .meta({ description: 'name of a shared subscription, to share the messages with other programs' }),
      qos: z.union([z.literal(0), z.literal(1), z.literal(2)]).default(1),
      retained: z.enum(['once', 'always', 'never']).default('once').meta({
        description: 'whether messages that the broker retains are landed: at the first subscription, at each',
      }),
      user: z.string().optional(),
      password: secretReference.optional(),
      tls: tlsSettings.optional(),
      clientId: z.string().min(1).max(65_535).optional(),
      session: z
        .number()
        .int()
        .min(0)
        .max(0xffff_ffff)
        .default(604_800)
        .meta({ description: 'seconds for which the broker keeps messages while nobody reads' }),
      keepalive: z.number().int().min(1).max(65_535).default(30),
      inflight: z
        .number()
        .int()
        .min(1)
        .max(65_535)
        .default(2000)
        .meta({ description: 'messages that may be under way without being acknowledged' }),
      ...streamSettings(payloadForm),
    })
    .meta({ id: 'MqttSource' }),
  columns: [
    { name: '_topic', type: 'text' },
    { name: '_qos', type: 'int' },
    { name: '_retained', type: 'bool' },
  ],
  named: ({ topic }) => topicPattern(topic).names,
  linger: 3,
  async open(config, stored, sink, environment) {
    // with the first stream: a server without one need not load it
    const { openConnection } = await import('./connection.ts')
    const position = (stored ?? {}) as Position
    const topic = topicPattern(config.topic)
    const filter = config.group ? `$share/${config.group}/${topic.filter}` : topic.filter
    const receipts = createReceipts(position.receipts)
    const place = `${config.host}:${config.port ?? (config.tls ? 8883 : 1883)}`
    const resubscribe = retainHandling[config.retained] === 0
    let subscribed = position.filter
    let connection: Connection | undefined
    let acks: { number: number; qos: 1 | 2; receipt: Receipt }[] = []
    /** acknowledged, but the broker may not have heard it; those before a probe, and those after it */
    let probed: Receipt[] = []
    let told: Receipt[] = []
    let paused = false
    let closed = false
    const reconnect = createReconnect(() => void connect(), 0.5)

    function received(packet: IPublishPacket) {
      const { qos, messageId: number } = packet
      const payload = packet.payload as Buffer
      if (qos > 0) {
        const checksum = crc32(payload, crc32(packet.topic))
        const before = packet.dup ? receipts.find(number!, checksum) : undefined
        acks.push({ number: number!, qos: qos as 1 | 2, receipt: before ?? receipts.add(number!, checksum) })
        if (before) return sink.repeated(1)
      }
      if (packet.retain && config.retained === 'never') return
      const columns: Record<string, string | number | boolean | null> = {
        _topic: packet.topic,
        _qos: qos,
        _retained: packet.retain,
      }
      const values = topic.match(packet.topic)
      if (values) for (const [i, name] of topic.names.entries()) columns[name] = values[i]!
      sink.take({ payload, topic: packet.topic, place: packet.topic, columns })
    }

    /** Says what is durable; when the broker has heard it, it cannot send it again. */
    function acknowledge(from: Connection | undefined, settled: typeof acks) {
      // of an earlier connection: it comes again
      if (!from || from !== connection) return
      from.acknowledge(settled)
      // Mosquitto without a limit of messages under way (2.0) sends one of QoS 2 anew after a restart, although it has
      // had our PUBREC: only its PUBREL says that it will not
      for (const { qos, receipt } of settled) if (qos === 1) told.push(receipt)
      if (probed.length === 0) probe()
    }

    function released(number: number) {
      const receipt = receipts.of(number)
      if (!receipt) return
      told.push(receipt)
      if (probed.length === 0) probe()
    }

    function probe() {
      if (told.length === 0) return
      probed = told
      told = []
      connection?.probe()
    }

    function heard() {
      receipts.forget(probed)
      probed = []
      probe()
    }

    function lost(error: KedgeError) {
      connection = undefined
      probed = []
      told = []
      // what was not acknowledged comes again, under the same numbers
      acks = []
      if (closed) return
      sink.connection('connecting', error.withTodo())
      reconnect.later()
    }

    async function connect() {
      let made: Connection | undefined
      try {
        const address = await environment.checkedHost(config.host)
        const [password, tls] = await Promise.all([
          config.password && environment.secret(config.password),
          tlsOptions(config.tls, config.host, environment.secret),
        ])
        if (closed) return
        made = openConnection({
          place,
          address,
          port: config.port ?? (tls ? 8883 : 1883),
          tls,
          version: config.version === '5' ? 5 : 4,
          clientId: config.clientId ?? environment.identity,
          user: config.user,
          password,
          session: config.session,
          keepalive: config.keepalive,
          inflight: config.inflight,
          received,
          released,
          heard,
          closed: lost,
        })
        connection = made
        if (paused) made.pause()
        const kept = await made.opened
        if (!kept) receipts.clear()
        if (kept && subscribed !== undefined && subscribed !== filter) await made.unsubscribe(subscribed)
        if (!kept || subscribed !== filter || resubscribe)
          await made.subscribe(filter, config.qos, retainHandling[config.retained])
        subscribed = filter
        reconnect.succeeded()
        sink.connection('connected')
      } catch (error) {
        if (made) made.close()
        else lost(asKedgeError(error))
      }
    }

    sink.connection('connecting')
    void connect()
    return {
      mark() {
        const from = connection
        const settled = acks
        acks = []
        return {
          position: { filter: subscribed, receipts: receipts.pack() } satisfies Position,
          acknowledge: () => acknowledge(from, settled),
        }
      },
      pause() {
        paused = true
        connection?.pause()
      },
      resume() {
        paused = false
        connection?.resume()
      },
      lag: async () => null,
      async close() {
        closed = true
        reconnect.stop()
        connection?.close()
      },
    }
  },
})
