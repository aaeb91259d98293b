import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Broker } from './broker-process.ts'
import { publisher, startAedes } from './brokers.ts'
import { startScriptedBroker } from './scripted-broker.ts'
import { openStreams, type StreamStand } from './stand.ts'

describe('MQTT', () => {
  let broker: Broker
  let stand: StreamStand
  beforeAll(async () => {
    broker = await startAedes()
    stand = await openStreams()
  })
  afterAll(async () => {
    await stand.close()
    await broker.stop()
  })
  const quick = { land: { seconds: 0.3 } }

  it('lands messages with columns from the topic, in order, and keeps what it cannot read', async () => {
    const config = {
      kind: 'mqtt',
      host: '127.0.0.1',
      port: broker.port,
      version: '3.1.1',
      topic: 'devices/{site}/{device}/temp',
      ...quick,
    }
    await stand.declare('temps', config)
    const client = await publisher(broker.port)
    for (let i = 0; i < 50; i++)
      await client.publishAsync(`devices/s${i % 2}/d${i}/temp`, JSON.stringify({ value: i / 2, big: '9'.repeat(3) }), {
        qos: (i % 3) as 0 | 1 | 2,
      })
    await client.publishAsync('devices/s/d/temp', '{"value": 12345678901234567890, "_topic": "spoofed"}', { qos: 1 })
    await client.publishAsync('devices/s/d/temp', 'not json', { qos: 1 })
    await client.endAsync()
    const state = await stand.until('temps', ({ landed, deadLetters }) => landed === 51 && deadLetters === 1)
    expect(state.problem).toBeNull()
    const rows = await stand.landed('temps', ['site', 'device', 'value', '_topic', '_sequence', 'payload__topic'])
    expect(rows).toHaveLength(51)
    expect(rows[7]).toEqual(['s1', 'd7', 3.5, 'devices/s1/d7/temp', 7, null])
    expect(rows[50]!.slice(3)).toEqual(['devices/s/d/temp', 50, 'spoofed'])
    const dead = await stand.streams.deadLetters('test', 'temps')
    expect(dead.total).toBe(1)
    expect(Buffer.from(dead.items[0]!.payload, 'base64').toString()).toBe('not json')
    expect(dead.items[0]!.reason).toMatch(/is not valid JSON/)
    expect(dead.items[0]!.columns).toMatchObject({ site: 's', device: 'd' })
  })

  it('lands a message of QoS 2 once, although the broker has lost over a restart that it was heard', async () => {
    const peer = await startScriptedBroker()
    try {
      await stand.declare('exact', {
        kind: 'mqtt',
        host: '127.0.0.1',
        port: peer.port,
        topic: 'd/{d}',
        qos: 2,
        ...quick,
      })
      const said = (cmd: string) => peer.heard.filter((packet) => packet.cmd === cmd).length
      const publish = (v: number, dup: boolean) =>
        peer.send({ cmd: 'publish', topic: 'd/a', payload: `{"v": ${v}}`, qos: 2, messageId: v, dup, retain: false })
      publish(1, false)
      publish(2, false)
      await expect.poll(() => said('pubrec')).toBe(2)
      peer.send({ cmd: 'pubrel', messageId: 1 })
      await expect.poll(() => said('pubcomp')).toBe(1)
      await expect.poll(() => said('pingreq')).toBeGreaterThan(0)
      const connects = said('connect')
      peer.drop()
      await expect.poll(() => said('connect'), { timeout: 5000 }).toBe(connects + 1)
      // as Mosquitto does without a limit of messages under way
      publish(2, true)
      // a message like an earlier one that was released, with the packet number that is free again
      publish(1, false)
      publish(3, false)
      const state = await stand.until('exact', ({ landed }) => landed === 4)
      expect(state.repeated).toBe(1)
      expect((await stand.landed('exact', ['v'])).map(([v]) => v)).toEqual([1, 2, 1, 3])
    } finally {
      await stand.streams.pause({ actor: 'user/test' }, 'test', 'exact')
      await peer.stop()
    }
  })
})
