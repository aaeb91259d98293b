import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { createEmbeddedEvents } from '../../src/storage/events/embedded-events.ts'
import { startEngineChild } from '../../src/storage/events/engine-child.ts'
import type { EventsStore } from '../../src/storage/events/events-store.ts'
import { inBinary, prediction } from './events-store.suite.ts'
import { quietLog } from './quiet-log.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const actual = (id: string) => ({
  project: 'p',
  endpoint: 'e',
  id,
  value: 1,
  label: '',
  received_at: '2026-01-01T00:00:00.000Z',
})

/** A process that ended but that nobody has waited for yet is not alive. */
const alive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

describe('the embedded events store', () => {
  const cleanups: (() => unknown)[] = []
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })

  function directory(): string {
    const made = temporaryDirectory('events-faults')
    cleanups.push(made.remove)
    return made.path
  }
  function open(dataDirectory: string, more: { lockPatience?: number; retryFor?: number } = {}): EventsStore {
    const store = createEmbeddedEvents({ dataDirectory, log: quietLog, ...more })
    cleanups.push(() => store.close())
    return store
  }
  const kill = (store: EventsStore) => process.kill(store.status().pid!, 'SIGKILL')

  it('starts nothing before it is used, and closes without having been', async () => {
    const store = open(directory())
    expect(store.status()).toEqual({ kind: 'embedded', state: 'not started', restarts: 0 })
    await store.close()
    expect(store.status().state).toBe('stopped')
    await expect(store.query('SELECT 1')).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('comes back by itself after its process is killed, and a query in flight does not notice', async () => {
    const store = open(directory())
    await store.query('SELECT 1')
    const slow = store.query('SELECT sum(sleepEachRow(0.2)) AS slept, 1 AS one FROM numbers(3)')
    await expect
      .poll(() =>
        store.query(
          `SELECT 1 FROM system.processes WHERE position(query, 'slept') > 0 AND position(query, 'processes') = 0`,
        ),
      )
      .toHaveLength(1)
    kill(store)
    expect(await slow).toEqual([{ slept: 0, one: 1 }])
    expect(store.status()).toMatchObject({ state: 'ready', restarts: 1 })
  })

  it('gives up on a statement that brings its process down each time', async () => {
    const store = open(directory())
    await store.query('SELECT 1')
    const deadly = store.query('SELECT sum(sleepEachRow(3)) FROM numbers(100)').catch((error) => error)
    let over = false
    void deadly.then(() => {
      over = true
    })
    let kills = 0
    while (!over) {
      const inFlight = await store.query(
        `SELECT 1 FROM system.processes WHERE position(query, 'sleepEachRow(3)') > 0 AND position(query, 'processes') = 0`,
      )
      if (inFlight.length > 0) {
        kill(store)
        kills++
      }
    }
    expect(await deadly).toMatchObject({ code: 'unavailable' })
    expect(kills).toBe(3)
  })

  it('keeps every acknowledged row exactly once over ten kills in the middle of inserts', async () => {
    const store = open(directory())
    await store.query('SELECT 1')
    const acknowledged: string[] = []
    let writing = true
    let restarts = 0
    const writer = async (name: string) => {
      for (let batch = 0; writing; batch++) {
        // two months, so that one insert makes two parts and a kill can come between them
        const rows = Array.from({ length: 500 }, (_, i) =>
          prediction(`${name}-${batch}-${i}`, {
            time: i % 2 ? '2001-01-15T10:00:00.000Z' : '2001-02-15T10:00:00.000Z',
          }),
        )
        await store.insert('predictions', name < 'c' ? rows : inBinary(rows), { token: `${name}-${batch}` })
        acknowledged.push(`${name}-${batch}`)
      }
    }
    const writers = ['a', 'b', 'c', 'd'].map(writer)
    for (let kills = 0; kills < 10; kills++) {
      const target = acknowledged.length + 5 + kills
      while (acknowledged.length < target) await new Promise((resolve) => setImmediate(resolve))
      kill(store)
      restarts++
      await expect.poll(() => store.status().restarts, { timeout: 20_000 }).toBe(restarts)
    }
    writing = false
    await Promise.all(writers)
    const rows = await store.query<{ batch: string; count: number; distinct: number }>(
      `SELECT extract(id, '^(.-[0-9]+)-') AS batch, count() AS count, uniqExact(id) AS distinct FROM predictions FINAL GROUP BY batch`,
    )
    expect(rows.map((row) => row.batch).sort()).toEqual([...acknowledged].sort())
    expect(rows.filter((row) => row.count !== 500 || row.distinct !== 500)).toEqual([])
  }, 120_000)

  it('knows the tokens of inserts from before a restart', async () => {
    const path = directory()
    const first = open(path)
    await first.insert('predictions', [prediction('once')], { token: 'the token' })
    await first.close()
    const second = open(path)
    await second.insert('predictions', [prediction('once')], { token: 'the token' })
    kill(second)
    await second.insert('predictions', [prediction('once')], { token: 'the token' })
    expect(await second.query('SELECT count() AS count FROM predictions')).toEqual([{ count: 1 }])
  })

  it('does not take a token for done whose rows a crash took', async () => {
    const path = directory()
    const first = open(path)
    await first.insert('actuals', [actual('before')], { token: 'before' })
    await first.insert('actuals', [actual('lost')], { token: 'lost' })
    const parts = await first.query<{ path: string }>(
      `SELECT path FROM system.parts WHERE table = 'actuals' AND active ORDER BY min_block_number`,
    )
    expect(parts).toHaveLength(2)
    await first.close()
    // what a kill leaves behind between the note of the token and the rename that makes the part visible
    rmSync(parts[1]!.path, { recursive: true })
    const second = open(path)
    await second.insert('actuals', [actual('before')], { token: 'before' })
    await second.insert('actuals', [actual('lost')], { token: 'lost' })
    expect(await second.query('SELECT id FROM actuals ORDER BY id')).toEqual([{ id: 'before' }, { id: 'lost' }])
  })

  it('refuses a directory that another one holds, and harms neither', async () => {
    const path = directory()
    const first = open(path)
    await first.insert('predictions', [prediction('first')])
    const second = open(path, { lockPatience: 200 })
    await expect(second.query('SELECT 1')).rejects.toMatchObject({
      code: 'data_directory_in_use',
      details: { path, pid: first.status().pid },
    })
    expect(await first.query('SELECT count() AS count FROM predictions')).toEqual([{ count: 1 }])
    await first.close()
    expect(await second.query('SELECT count() AS count FROM predictions')).toEqual([{ count: 1 }])
  })

  it('refuses data of a newer version', async () => {
    const path = directory()
    const first = open(path)
    await first.insert('kedge_migrations', [{ number: 9999, name: 'from the future' }])
    await first.close()
    await expect(open(path).query('SELECT 1')).rejects.toMatchObject({
      code: 'data_directory_newer',
      details: { path, found: 9999 },
    })
  })

  it('does not outlive the process that started it, and its directory is free at once', async () => {
    const path = directory()
    const parent: ChildProcess = spawn(
      process.execPath,
      [fileURLToPath(new URL('./orphan.ts', import.meta.url)), path],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    cleanups.push(() => parent.kill('SIGKILL'))
    const [line] = await once(parent.stdout!, 'data')
    const pid = Number(String(line))
    expect(alive(pid)).toBe(true)
    parent.kill('SIGKILL')
    expect(await open(path).query('SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(alive(pid)).toBe(false)
  })

  it('lets no one in without its password', async () => {
    const options = {
      directory: directory(),
      host: '127.0.0.1',
      port: 0,
      readers: 1,
      writers: 1,
      memoryLimit: 4e9,
      bodyLimit: 1e6,
    }
    const engine = await startEngineChild({ ...options, password: 'right' }, quietLog)
    cleanups.push(() => engine.stop(5000))
    const url = `http://127.0.0.1:${engine.port}/?query=SELECT+1`
    expect((await fetch(url)).status).toBe(403)
    expect((await fetch(url, { headers: { 'x-clickhouse-key': 'wrong' } })).status).toBe(403)
    expect(await (await fetch(url, { headers: { 'x-clickhouse-key': 'right' } })).text()).toBe('1\n')
  })
})
