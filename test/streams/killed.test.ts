import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { by, project } from '../data/open-data.ts'
import { mosquittoProgram, publisher, startMosquitto } from './brokers.ts'
import { openStreams } from './stand.ts'

/** kills in a test run; the whole fault test is KEDGE_TEST_KILLS=100 */
const kills = Number(process.env.KEDGE_TEST_KILLS ?? 6)
const program = join(import.meta.dirname, 'land-until-killed.ts')
if (!mosquittoProgram) process.stderr.write('Mosquitto is not installed (Debian: apt-get install mosquitto)\n')

/** A sequence of numbers in 0..1 that is the same in every run. */
function randomness(seed: number) {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe.skipIf(!mosquittoProgram)('a stream whose reader and whose broker are killed', () => {
  // without a limit the broker forgets over a restart how far it was with a message of QoS 2
  it.each([1000, 0])(
    `has every message once after ${kills / 2} kills, with %i messages under way, whether or not they have an id`,
    {
      timeout: 60_000 + kills * 10_000,
    },
    async (limit) => {
      const directory = mkdtempSync(join(tmpdir(), 'kedge-streams-'))
      const broker = await startMosquitto([`max_inflight_messages ${limit}`])
      const random = randomness(7)
      const shared = { kind: 'mqtt', host: '127.0.0.1', port: broker.port, land: { seconds: 0.5, rows: 500 } }
      const before = await openStreams({ directory })
      await before.sources.put(by, project, 'plain', { ...shared, topic: 'plain/{device}', qos: 1 })
      await before.sources.put(by, project, 'exact', { ...shared, topic: 'exact/{device}', qos: 2 })
      await before.sources.put(by, project, 'named', { ...shared, topic: 'named/{device}', qos: 1, id: 'id' })
      for (const name of ['plain', 'exact', 'named'])
        await before.until(name, ({ connection }) => connection === 'connected')
      await before.close()

      const client = await publisher(broker.port, { clean: false, clientId: 'producer' })
      // a message that the broker had when it ended, without having said so, comes from its producer again as another one
      const times = new Map<number, number>()
      client.on('packetsend', (packet) => {
        if (packet.cmd !== 'publish' || !packet.topic.startsWith('plain/')) return
        const { i } = JSON.parse(String(packet.payload)) as { i: number }
        times.set(i, (times.get(i) ?? 0) + 1)
      })
      const acknowledged: Record<string, number[]> = { plain: [], exact: [], named: [] }
      let sent = 0
      let producing = true
      const produce = async () => {
        while (producing) {
          const some = Array.from({ length: 20 }, async () => {
            const i = sent++
            const name = ['plain', 'exact', 'named'][i % 3]!
            const qos = name === 'exact' ? 2 : 1
            await client.publishAsync(`${name}/d${i % 7}`, JSON.stringify({ id: `m${i}`, i }), { qos })
            acknowledged[name]!.push(i)
            // a device that is not sure says it again
            if (name === 'named' && i % 5 === 0)
              await client.publishAsync(`${name}/d${i % 7}`, JSON.stringify({ id: `m${i}`, i }), { qos })
          })
          await Promise.all(some)
          await wait(5)
        }
      }
      const production = produce()

      let child: ChildProcess | undefined
      for (let kill = 0; kill < kills / 2; kill++) {
        child = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
        const ended = new Promise((resolve) => child!.once('exit', resolve))
        // half of them die while they still connect
        if (random() < 0.6)
          await Promise.race([
            new Promise((resolve) => child!.stdout!.once('data', resolve)),
            ended.then(() => expect.fail('the reader ended by itself')),
          ])
        await wait(random() * 700)
        child.kill('SIGKILL')
        await ended
        if (kill % 3 === 1) {
          await broker.end('SIGTERM')
          await broker.start()
        }
      }
      producing = false
      await production
      await client.endAsync()

      const stand = await openStreams({ directory })
      for (const [name, sentOnes] of Object.entries(acknowledged)) {
        await stand.until(name, ({ landed }) => landed >= sentOnes.length, 30)
        // whatever would come twice has come by then
        await wait(300)
        const state = await stand.until(name, () => true)
        const rows = await stand.landed(name, ['i', 'device'])
        const found = rows.map(([i]) => Number(i)).sort((a, b) => a - b)
        const twice = found.filter((i, at) => i === found[at - 1] && (name !== 'plain' || times.get(i)! < 2))
        expect(twice, name).toEqual([])
        expect(found.length, name).toBe(state.landed)
        expect([...new Set(found)], name).toEqual(sentOnes.sort((a, b) => a - b))
        expect(rows.every(([i, device]) => device === `d${Number(i) % 7}`)).toBe(true)
        expect(state.deadLetters).toBe(0)
      }
      await stand.close()
      await broker.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  )
})
