import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { startPostgres } from '../servers/postgres.ts'
import { mosquittoProgram, publisher, startMosquitto } from './brokers.ts'
import { openControl } from './open-control.ts'

const program = join(import.meta.dirname, 'control-until-killed.ts')
const project = 'test'
const by = { actor: 'user/test' }

it.skipIf(!mosquittoProgram)(
  'one of two processes reads a stream; the other goes on when it is killed',
  { timeout: 120_000 },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kedge-takeover-'))
    const postgres = await startPostgres()
    const broker = await startMosquitto([], false)
    const sql = await postgres.createDatabase('streams')
    const observer = await openControl(sql, directory, 'observer', false)
    const children = new Map<string, ChildProcess>()
    let names = 0
    const begin = async () => {
      const name = `control-${++names}`
      const child = spawn(process.execPath, [program, sql, directory, name], { stdio: ['ignore', 'pipe', 'inherit'] })
      children.set(name, child)
      await new Promise((resolve) => child.stdout!.once('data', resolve))
    }
    const until = async (is: (state: Awaited<ReturnType<typeof observer.streams.get>>) => boolean) => {
      for (let tries = 0; tries < 800; tries++) {
        const state = await observer.streams.get(project, 'shared').catch(() => undefined)
        if (state && is(state)) return state
        await wait(25)
      }
      throw new Error(`it did not come there: ${JSON.stringify(await observer.streams.get(project, 'shared'))}`)
    }
    try {
      await Promise.all([begin(), begin()])
      const config = {
        kind: 'mqtt',
        host: '127.0.0.1',
        port: broker.port,
        topic: 'shared/{device}',
        land: { seconds: 0.5 },
      }
      await observer.sources.put(by, project, 'shared', config)
      await until(({ connection }) => connection === 'connected')
      const client = await publisher(broker.port)
      let sent = 0
      let producing = true
      const production = (async () => {
        while (producing) {
          await Promise.all(
            Array.from({ length: 20 }, () =>
              client.publishAsync('shared/d', JSON.stringify({ i: sent++ }), { qos: 1 }),
            ),
          )
          await wait(10)
        }
      })()
      for (let round = 0; round < 2; round++) {
        const before = sent
        const { node } = await until(({ landed, connection }) => landed > before && connection === 'connected')
        const child = children.get(node!)!
        children.delete(node!)
        child.kill('SIGKILL')
        const after = await until((state) => state.node !== node && state.connection === 'connected')
        expect([...children.keys()]).toContain(after.node)
        await begin()
      }
      producing = false
      await production
      await client.endAsync()
      await until(({ landed, buffered }) => landed >= sent && buffered.rows === 0)
      await wait(300)
      const { columns, rows } = await observer.sources.preview(project, 'shared', 1_000_000)
      const place = columns.findIndex(({ name }) => name === 'i')
      expect(rows.map((row) => Number(row[place])).sort((a, b) => a - b)).toEqual(
        Array.from({ length: sent }, (_, i) => i),
      )
    } finally {
      for (const child of children.values()) child.kill('SIGKILL')
      await observer.close()
      await broker.stop()
      await postgres.stop()
      rmSync(directory, { recursive: true, force: true })
    }
  },
)
