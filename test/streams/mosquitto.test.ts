import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import mqtt from 'mqtt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { by, project } from '../data/open-data.ts'
import type { BrokerProcess } from './broker-process.ts'
import { mosquittoProgram, publisher, startMosquitto } from './brokers.ts'
import { openStreams, type StreamStand } from './stand.ts'

const run = promisify(execFile)
if (!mosquittoProgram) process.stderr.write('Mosquitto is not installed (Debian: apt-get install mosquitto)\n')

describe.skipIf(!mosquittoProgram)('Mosquitto', () => {
  let broker: BrokerProcess
  let stand: StreamStand
  beforeAll(async () => {
    broker = await startMosquitto([], false)
    stand = await openStreams()
  })
  afterAll(async () => {
    await stand.close()
    await broker.stop()
  })
  const settings = (topic: string, more: object = {}) => ({
    kind: 'mqtt',
    host: '127.0.0.1',
    port: broker.port,
    topic,
    land: { seconds: 0.2 },
    ...more,
  })

  it('lands what the broker retains once, and what comes while it is paused', async () => {
    const client = await publisher(broker.port)
    await client.publishAsync('kept/a', '{"v": 1}', { qos: 1, retain: true })
    await stand.declare('kept', settings('kept/{device}'))
    await stand.until('kept', ({ landed }) => landed === 1)
    await stand.streams.pause(by, project, 'kept')
    await stand.until('kept', ({ connection }) => connection === 'stopped')
    await client.publishAsync('kept/b', '{"v": 2}', { qos: 1 })
    await client.publishAsync('kept/b', '{"v": 3}', { qos: 2 })
    await stand.streams.resume(by, project, 'kept')
    await stand.until('kept', ({ landed }) => landed >= 3)
    const rows = await stand.landed('kept', ['device', 'v', '_retained'])
    expect(rows.map(([device, v, retained]) => `${device} ${v} ${retained}`)).toEqual([
      'a 1 true',
      'b 2 false',
      'b 3 false',
    ])
    await client.endAsync()
  })

  it('shares a subscription, in both versions of MQTT', async () => {
    await stand.declare('half', settings('shared/{device}', { group: 'g' }))
    await stand.declare('other', settings('shared/{device}', { group: 'g', version: '3.1.1' }))
    const client = await publisher(broker.port)
    for (let i = 0; i < 40; i++) await client.publishAsync(`shared/d${i}`, JSON.stringify({ i }), { qos: 1 })
    await client.endAsync()
    await stand.until('half', ({ landed }) => landed > 0)
    await stand.until('other', ({ landed }) => landed > 0)
    const both = [...(await stand.landed('half', ['i'])), ...(await stand.landed('other', ['i']))]
    expect(both.map(([i]) => Number(i)).sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i))
  })

  it('lands an id once, also after it has been read anew, and tells how far clocks are off', async () => {
    const time = { column: 'at', unit: 'ms', ahead: 60 }
    await stand.declare('ids', settings('ids/{device}', { id: 'id', window: 1000, time, columns: { at: 'int' } }))
    const client = await publisher(broker.port)
    const send = (id: string, at = Date.now()) => client.publishAsync('ids/d', JSON.stringify({ id, at }), { qos: 1 })
    // out of order, and twice
    for (const id of ['c', 'a', 'b', 'a', 'c']) await send(id)
    await send('behind', Date.now() - 86_400_000)
    await send('ahead', Date.now() + 3_600_000)
    await stand.until('ids', ({ landed, repeated, deadLetters }) => landed === 4 && repeated === 2 && deadLetters === 1)
    // the declaration changes: a new reader begins
    await stand.sources.put(
      by,
      project,
      'ids',
      settings('ids/{device}', { id: 'id', window: 999, time, columns: { at: 'int' } }),
    )
    await wait(100)
    await stand.until('ids', ({ connection }) => connection === 'connected')
    await send('b')
    await send('d')
    await stand.until('ids', ({ landed }) => landed === 5)
    const rows = await stand.landed('ids', ['id', '_clock_skew'])
    expect(rows.map(([id]) => id)).toEqual(['c', 'a', 'b', 'behind', 'd'])
    expect(Number(rows[3]![1])).toBeLessThan(-86_300_000)
    const [letter] = (await stand.streams.deadLetters(project, 'ids')).items
    expect(letter!.reason).toMatch(/^at is 3\d\d\d s ahead/)
    await client.endAsync()
  })

  it('says why it cannot connect, and goes on when it can', async () => {
    await stand.sources.put(by, project, 'away', settings('x', { port: 1 }))
    const state = await stand.until('away', ({ problem }) => problem !== null)
    expect(state).toMatchObject({
      connection: 'connecting',
      problem: expect.stringMatching(/127\.0\.0\.1:1 cannot be reached/),
    })
    await stand.declare('away', settings('x'))
    expect((await stand.streams.get(project, 'away')).problem).toBeNull()
  })

  it('connects by TLS with a certificate of its own, and to no broker that it does not trust', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kedge-certificates-'))
    const at = (name: string) => join(folder, name)
    const openssl = (...args: string[]) => run('openssl', args)
    const key = (name: string) => [
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      at(`${name}.key`),
    ]
    await openssl('req', '-x509', ...key('ca'), '-out', at('ca.pem'), '-subj', '/CN=ca', '-days', '2')
    for (const name of ['localhost', 'kedge']) {
      await openssl('req', ...key(name), '-out', at(`${name}.csr`), '-subj', `/CN=${name}`)
      await openssl(
        'x509',
        '-req',
        '-in',
        at(`${name}.csr`),
        '-CA',
        at('ca.pem'),
        '-CAkey',
        at('ca.key'),
        '-CAcreateserial',
        '-out',
        at(`${name}.pem`),
        '-days',
        '2',
      )
    }
    const text = (name: string) => readFileSync(at(name), 'utf8')
    const secure = await startMosquitto(
      [
        'listener PORT 127.0.0.1',
        `cafile ${at('ca.pem')}`,
        `certfile ${at('localhost.pem')}`,
        `keyfile ${at('localhost.key')}`,
        'require_certificate true',
        'use_identity_as_username true',
      ],
      false,
    )
    const own = await openStreams({ secret: async () => text('kedge.key') })
    try {
      const config = (tls: object | true) => settings('tls/{device}', { port: secure.port, tls })
      const trusted = {
        ca: text('ca.pem'),
        serverName: 'localhost',
        certificate: text('kedge.pem'),
        key: { secret: 'key' },
      }
      await own.sources.put(by, project, 'tls', config(true))
      await own.until('tls', ({ problem }) => /certificate|alert/.test(problem ?? ''))
      await own.declare('tls', config(trusted))
      const client = await mqtt.connectAsync(`mqtts://localhost:${secure.port}`, {
        ca: text('ca.pem'),
        cert: text('kedge.pem'),
        key: text('kedge.key'),
      })
      await client.publishAsync('tls/d', '{"v": 1}', { qos: 2 })
      await client.endAsync()
      await own.until('tls', ({ landed }) => landed === 1)
      expect(JSON.stringify(await own.sources.get(project, 'tls'))).not.toContain('PRIVATE KEY')
    } finally {
      await own.close()
      await secure.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
