import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { asKedgeError } from '../../src/errors.ts'
import { by, project } from '../data/open-data.ts'
import type { Broker } from './broker-process.ts'
import { publisher, startAedes } from './brokers.ts'
import { openStreams } from './stand.ts'

const disk = mkdtempSync(join(tmpdir(), 'kedge-full-stream-'))
let mounted = false
try {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk], { stdio: 'ignore' })
  mounted = true
} catch {
  rmdirSync(disk)
}
afterAll(() => {
  if (!mounted) return
  execFileSync('umount', ['-l', disk])
  rmSync(disk, { recursive: true, force: true })
})
/** Leaves no byte free on the disk. */
function fill() {
  for (const [name, size] of Object.entries({ a: 1 << 20, b: 4096 }))
    try {
      for (let i = 0; ; i++) writeFileSync(join(disk, `filler-${name}-${i}`), Buffer.alloc(size))
    } catch {
      // full
    }
}

const free = () => execFileSync('sh', ['-c', `rm -f ${disk}/filler-*`])

describe.skipIf(!mounted)('a full disk (needs root, which may mount a small one)', () => {
  it('acknowledges nothing while it is full, says so, and then goes on with every message', async () => {
    const broker: Broker = await startAedes()
    const stand = await openStreams({ directory: disk })
    try {
      const config = {
        kind: 'mqtt',
        host: '127.0.0.1',
        port: broker.port,
        version: '3.1.1',
        topic: 'full/{device}',
        land: { seconds: 3600 },
      }
      await stand.declare('full', config)
      await stand.sources.put(by, project, 'pushed', { kind: 'push', land: { seconds: 3600 } })
      const push = (key: string) =>
        stand.streams.push({
          project,
          name: 'pushed',
          key,
          body: Buffer.from(`{"x":"${'y'.repeat(10_000)}"}`),
          form: 'lines',
        })
      await push('first')
      const client = await publisher(broker.port)
      const send = (from: number, count: number) =>
        Promise.all(
          Array.from({ length: count }, (_, i) =>
            client.publishAsync(
              'full/d',
              JSON.stringify({ i: from + i, text: Math.random().toString(36).repeat(40) }),
              { qos: 1 },
            ),
          ),
        )
      await send(0, 100)
      await stand.until('full', ({ landed }) => landed === 100)
      fill()
      for (let at = 100; at < 2000; at += 100) await send(at, 100)
      const state = await stand.until('full', ({ problem }) => problem !== null)
      expect(state.problem).toMatch(/No space left/)
      expect(state.landed).toBeLessThan(2000)
      let refused: unknown
      for (let i = 0; i < 50 && !refused; i++) await push(`full-${i}`).catch((error) => (refused = error))
      expect(asKedgeError(refused).code).toBe('disk_full')
      free()
      const after = await stand.until('full', ({ landed, problem }) => landed >= 2000 && problem === null)
      expect(after).toMatchObject({ landed: 2000, problem: null, deadLetters: 0 })
      await client.endAsync()
    } finally {
      free()
      await stand.close()
      await broker.stop()
    }
  }, 60_000)
})
