// How fast messages of devices land durably: MQTT at QoS 1 from a real broker and Kafka, against the same client that
// only acknowledges (the limit). Run: node bench/data/streams.ts [mqtt|kafka]. Needs mosquitto; Java and Maven for Kafka.
import { fork } from 'node:child_process'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Admin, ProduceAcks, Producer } from '@platformatic/kafka'
import mqttPacket from 'mqtt-packet'
import kafka from '../../src/adapters/streams/kafka/kafka.ts'
import mqtt from '../../src/adapters/streams/mqtt/mqtt.ts'
import type { StreamSourceDefinition } from '../../src/contracts/stream-source.ts'
import { startMosquitto } from '../../test/streams/brokers.ts'
import { startKafka } from '../../test/streams/kafka-server.ts'
import { openStreams } from '../../test/streams/stand.ts'

const payload = (i: number) =>
  JSON.stringify({
    id: `d${i}`,
    at: 1_700_000_000_000 + i,
    celsius: (i % 400) / 10,
    humidity: i % 100,
    ok: i % 3 === 0,
  })

/** Publishes at QoS 1 without waiting for each acknowledgement; ends when all are acknowledged. */
async function publish(port: number, count: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const parser = mqttPacket.parser({ protocolVersion: 4 })
  const window = 5000
  let sent = 0
  let acknowledged = 0
  const done = Promise.withResolvers<void>()
  const more = () => {
    const some: Buffer[] = []
    while (sent < count && sent - acknowledged < window) {
      some.push(
        mqttPacket.generate({
          cmd: 'publish',
          topic: `devices/s${sent % 10}/d${sent % 1000}/weather`,
          payload: payload(sent),
          qos: 1,
          messageId: (sent % 65_535) + 1,
          dup: false,
          retain: false,
        }),
      )
      sent++
    }
    if (some.length > 0) socket.write(Buffer.concat(some))
  }
  parser.on('packet', (packet) => {
    if (packet.cmd === 'connack') more()
    if (packet.cmd === 'puback') {
      acknowledged++
      if (acknowledged === count) done.resolve()
      else if (acknowledged % 250 === 0) more()
    }
  })
  socket.on('data', (bytes) => parser.parse(bytes))
  socket.write(
    mqttPacket.generate({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clientId: 'bench',
      clean: true,
      keepalive: 0,
    }),
  )
  await done.promise
  socket.destroy()
}

if (process.argv[2] === 'publish') {
  await publish(Number(process.argv[3]), Number(process.argv[4]))
  process.exit(0)
}

/** The same feed, whose messages are acknowledged and forgotten: what no landing can be faster than. */
async function raw(definition: StreamSourceDefinition, config: object, count: number): Promise<number> {
  let seen = 0
  let began = 0
  const done = Promise.withResolvers<void>()
  let flushing = false
  const feed = await definition.open!(
    definition.config.parse(config),
    null,
    {
      take() {
        if (seen === 0) began = performance.now()
        if (++seen === count) done.resolve()
        if (flushing) return
        flushing = true
        setTimeout(() => {
          flushing = false
          feed.mark().acknowledge()
        }, definition.linger ?? 0)
      },
      repeated: () => {},
      connection: (state) => state === 'connected' && connected.resolve(),
    },
    { identity: `raw-${count}`, checkedHost: async (host) => host, secret: async () => '' },
  )
  await connected.promise
  ready?.()
  await done.promise
  const seconds = (performance.now() - began) / 1000
  await feed.close()
  return count / seconds
}
let connected = Promise.withResolvers<void>()
let ready: (() => void) | undefined

/** Rows a second from the first landed row to the last, each durable and acknowledged. */
async function landing(name: string, config: object, count: number): Promise<{ rate: number; batched: number }> {
  const stand = await openStreams()
  try {
    await stand.declare(name, config)
    ready?.()
    const first = await stand.until(name, ({ landed }) => landed > 0, 120)
    const began = performance.now()
    await stand.until(name, ({ landed }) => landed === count, 300)
    const rate = (count - first.landed) / ((performance.now() - began) / 1000)
    await stand.until(name, ({ buffered }) => buffered.rows === 0, 300)
    const batched = (count - first.landed) / ((performance.now() - began) / 1000)
    return { rate, batched }
  } finally {
    await stand.close()
  }
}

const print = (what: string, limit: number, landed: { rate: number; batched: number }) =>
  console.log(
    `| ${what} | ${Math.round(limit).toLocaleString('en')} | ${Math.round(landed.rate).toLocaleString('en')} | ${(landed.rate / limit).toFixed(2)} | ${Math.round(landed.batched).toLocaleString('en')} |`,
  )

const only = process.argv[2]
const table = () => {
  console.log('| messages/s | limit: client that only acknowledges | durable | ratio | in micro-batches |')
  console.log('|---|---|---|---|---|')
}
table()
if (only !== 'kafka') {
  const count = Number(process.env.COUNT ?? 200_000)
  const broker = await startMosquitto([], false)
  const config = {
    kind: 'mqtt',
    host: '127.0.0.1',
    port: broker.port,
    topic: 'devices/{site}/{device}/weather',
    inflight: 4000,
  }
  const go = () => void fork(fileURLToPath(import.meta.url), ['publish', String(broker.port), String(count)])
  ready = go
  const limit = await raw(mqtt, { ...config, clientId: 'raw' }, count)
  const landed = await landing('weather', { ...config, land: { seconds: 2 } }, count)
  print(`MQTT, QoS 1, ${count} messages`, limit, landed)
  await broker.stop()
}
if (only !== 'mqtt') {
  connected = Promise.withResolvers()
  ready = undefined
  const count = Number(process.env.COUNT ?? 2_000_000)
  const server = await startKafka()
  const bootstrapBrokers = [`127.0.0.1:${server.port}`]
  const admin = new Admin({ clientId: 'bench', bootstrapBrokers, retries: 20, retryDelay: 200 })
  await admin.createTopics({ topics: ['weather'], partitions: 4, replicas: 1 })
  await admin.close()
  const producer = new Producer({ clientId: 'bench', bootstrapBrokers, retries: 20, retryDelay: 200 })
  for (let i = 0; i < count; i += 10_000)
    await producer.send({
      acks: ProduceAcks.LEADER,
      messages: Array.from({ length: 10_000 }, (_, k) => ({
        topic: 'weather',
        partition: ((i / 10_000) | 0) % 4,
        value: Buffer.from(payload(i + k)),
      })),
    })
  await producer.close()
  const config = { kind: 'kafka', brokers: bootstrapBrokers, topics: ['weather'] }
  const limit = await raw(kafka, config, count)
  const landed = await landing('weather', { ...config, land: { seconds: 2, rows: 500_000 } }, count)
  print(`Kafka, ${count} messages`, limit, landed)
  await server.stop()
}
process.exit(0)
