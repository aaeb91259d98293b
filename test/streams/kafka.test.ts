import { Admin, ProduceAcks, Producer } from '@platformatic/kafka'
import avro from 'avsc'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BrokerProcess } from './broker-process.ts'
import { kafkaObstacle, startKafka } from './kafka-server.ts'
import { openStreams, type StreamStand } from './stand.ts'

const obstacle = await kafkaObstacle()
if (obstacle) process.stderr.write(`${obstacle}\n`)

describe.skipIf(obstacle)('Kafka', () => {
  let server: BrokerProcess
  let stand: StreamStand
  let producer: Producer
  beforeAll(async () => {
    server = await startKafka()
    stand = await openStreams()
    const admin = new Admin({
      clientId: 'test',
      bootstrapBrokers: [`127.0.0.1:${server.port}`],
      retries: 20,
      retryDelay: 200,
    })
    await admin.createTopics({ topics: ['events', 'readings'], partitions: 3, replicas: 1 })
    await admin.close()
    producer = new Producer({
      clientId: 'test',
      bootstrapBrokers: [`127.0.0.1:${server.port}`],
      retries: 20,
      retryDelay: 200,
    })
  }, 60_000)
  afterAll(async () => {
    await producer?.close()
    await stand?.close()
    await server?.stop()
  })
  const settings = () => ({ kind: 'kafka', brokers: [`127.0.0.1:${server.port}`], land: { seconds: 0.3 } })
  const send = (topic: string, from: number, count: number, value: (i: number) => Buffer) =>
    producer.send({
      acks: ProduceAcks.ALL,
      messages: Array.from({ length: count }, (_, k) => ({
        topic,
        partition: (from + k) % 3,
        key: Buffer.from(`k${from + k}`),
        value: value(from + k),
      })),
    })

  it('lands every message once, over a pause, a restart of the broker and a new reader', async () => {
    const json = (i: number) => Buffer.from(JSON.stringify({ i, name: `n${i}` }))
    await send('events', 0, 3000, json)
    await stand.declare('events', { ...settings(), topics: ['events'], columns: { i: 'int' } })
    await stand.until('events', ({ landed }) => landed === 3000)
    await stand.streams.pause({ actor: 'user/test' }, 'test', 'events')
    await stand.until('events', ({ connection, buffered }) => connection === 'stopped' && buffered.rows === 0)
    await send('events', 3000, 1500, json)
    await stand.streams.resume({ actor: 'user/test' }, 'test', 'events')
    await stand.until('events', ({ landed }) => landed === 4500)
    await server.end('SIGKILL')
    await stand.until('events', ({ connection }) => connection === 'connecting')
    await server.start()
    await send('events', 4500, 500, json)
    await stand.until('events', ({ landed }) => landed >= 5000, 40)
    await producer.send({
      acks: ProduceAcks.ALL,
      messages: [{ topic: 'events', partition: 0, key: Buffer.from('bad'), value: Buffer.from([0xff, 1, 2]) }],
    })
    const state = await stand.until('events', ({ deadLetters }) => deadLetters === 1)
    expect(state.landed).toBe(5000)
    const rows = await stand.landed('events', ['i', '_key', '_partition'])
    expect(rows.map(([i]) => Number(i)).sort((a, b) => a - b)).toEqual(Array.from({ length: 5000 }, (_, i) => i))
    expect(rows.every(([i, key, partition]) => key === `k${i}` && Number(partition) === Number(i) % 3)).toBe(true)
    const [letter] = (await stand.streams.deadLetters('test', 'events')).items
    expect(Buffer.from(letter!.payload, 'base64')).toEqual(Buffer.from([0xff, 1, 2]))
    expect(letter).toMatchObject({ reason: 'is not valid UTF-8', columns: { _key: 'bad' } })
  }, 90_000)

  it('reads Avro in the frame of a schema registry', async () => {
    const schema = {
      type: 'record',
      name: 'Reading',
      fields: [
        { name: 'id', type: 'long' },
        { name: 'celsius', type: ['null', 'double'] },
      ],
    } as const
    const type = avro.Type.forSchema(schema as never)
    const value = (i: number) =>
      Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), type.toBuffer({ id: i, celsius: i % 2 ? i / 2 : null })])
    await send('readings', 0, 20, value)
    await stand.declare('readings', {
      ...settings(),
      topics: ['readings'],
      payload: { format: 'avro', schema, framing: 'confluent' },
    })
    await stand.until('readings', ({ landed }) => landed === 20)
    const rows = await stand.landed('readings', ['id', 'celsius'])
    expect(rows.find(([id]) => Number(id) === 7)).toEqual([7, 3.5])
    expect(rows.find(([id]) => Number(id) === 8)).toEqual([8, null])
  }, 30_000)
})
