import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { by, project } from '../data/open-data.ts'
import { redisObstacle, startRedis } from '../servers/redis.ts'
import { openStreams } from './stand.ts'

/** kills in a test run; the whole fault test is KEDGE_TEST_KILLS=100 */
const kills = Number(process.env.KEDGE_TEST_KILLS ?? 4)
const program = join(import.meta.dirname, 'land-until-killed.ts')

describe.skipIf(redisObstacle)('a stream of Redis', () => {
  it('lands the fields of its entries as columns, shares a group, and leaves nothing when it is removed', async () => {
    const server = await startRedis()
    const stand = await openStreams()
    try {
      const config = {
        kind: 'redis-stream',
        host: '127.0.0.1',
        port: server.port,
        password: { secret: 's' },
        key: 'events',
        land: { seconds: 0.2 },
      }
      await server.client.xAdd('events', '1000-0', { device: 'a', celsius: '21.5' })
      await stand.declare('events', config)
      await server.client.xAdd('events', '1000-1', { device: 'b', celsius: '7', more: 'Größe' })
      await stand.until('events', ({ landed }) => landed === 2)
      expect(await stand.landed('events', ['_entry', '_time', 'device', 'celsius', 'more'])).toEqual([
        ['1000-0', 1000, 'a', 21.5, null],
        ['1000-1', 1000, 'b', 7, 'Größe'],
      ])
      await server.client.set('text', 'x')
      await stand.sources.put(by, project, 'bad', { ...config, key: 'text' })
      const bad = await stand.until('bad', ({ problem }) => problem !== null)
      expect(bad.problem).toMatch(/refused: WRONGTYPE/)
      const groups = async () => (await server.client.xInfoGroups('events')).length
      expect(await groups()).toBe(1)
      await stand.sources.remove(by, project, 'events')
      await expect.poll(groups, { timeout: 10_000 }).toBe(0)
    } finally {
      await stand.close()
      await server.stop()
    }
  })

  it(`has every entry once after ${kills} kills of the reader and of Redis`, {
    timeout: 60_000 + kills * 10_000,
  }, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kedge-redis-stream-'))
    const server = await startRedis()
    const before = await openStreams({ directory })
    await before.sources.put(by, project, 'events', {
      kind: 'redis-stream',
      host: '127.0.0.1',
      port: server.port,
      password: { secret: 's' },
      key: 'events',
      land: { seconds: 0.5, rows: 500 },
    })
    await before.close()
    let producing = true
    let i = 0
    const acknowledged = new Set<string>()
    const produce = async () => {
      while (producing) {
        try {
          const { client } = server
          const ids = await Promise.all(
            Array.from({ length: 20 }, () => client.xAdd('events', '*', { i: String(i++) })),
          )
          for (const id of ids) acknowledged.add(id)
        } catch {
          await wait(20)
        }
        await wait(5)
      }
    }
    const production = produce()
    for (let kill = 0; kill < kills; kill++) {
      const child = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
      const ended = new Promise((resolve) => child.once('exit', resolve))
      if (kill % 3 !== 2) await new Promise((resolve) => child.stdout.once('data', resolve))
      await wait((kill * 137) % 500)
      if (kill % 2 === 1) {
        await server.kill()
        await server.start()
        await wait((kill * 61) % 300)
      }
      child.kill('SIGKILL')
      await ended
    }
    producing = false
    await production
    const stand = await openStreams({ directory })
    try {
      // also those whose answer was lost with the server
      const wanted = ((await server.client.xRange('events', '-', '+')) ?? []).map(({ id }) => id)
      expect(wanted.length).toBeGreaterThanOrEqual(acknowledged.size)
      await stand.until('events', ({ landed }) => landed >= wanted.length, 60)
      const rows = await stand.landed('events', ['_entry'])
      expect(rows.map(([entry]) => entry)).toEqual(wanted)
      const [group] = await server.client.xInfoGroups('events')
      const pending = async () => (await server.client.xPending('events', group!.name))?.pending
      await expect.poll(pending).toBe(0)
    } finally {
      await stand.close()
      await server.stop()
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
