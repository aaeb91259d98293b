import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { by, project } from '../data/open-data.ts'
import { postgresPrograms, startPostgres } from '../servers/postgres.ts'
import { openStreams } from './stand.ts'

/** kills in a test run; the whole fault test is KEDGE_TEST_KILLS=100 */
const kills = Number(process.env.KEDGE_TEST_KILLS ?? 6)
const program = join(import.meta.dirname, 'land-until-killed.ts')

/** A sequence of numbers in 0..1 that is the same in every run. */
function randomness(seed: number) {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe.skipIf(!postgresPrograms())('changes of a table while Kedge and PostgreSQL are killed', () => {
  it(`has every change once after ${kills} kills, and the table as it is`, {
    timeout: 60_000 + kills * 10_000,
  }, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kedge-changes-'))
    const server = await startPostgres({ wal_level: 'logical' })
    const random = randomness(11)
    const connect = async () => {
      const client = new pg.Client({ connectionString: server.url() })
      client.on('error', () => {})
      await client.connect()
      return client
    }
    const first = await connect()
    // `v` counts the changes of a row, so that one that is missing or there twice is seen
    await first.query(`CREATE TABLE changing (id int PRIMARY KEY, v int, large text);
      ALTER TABLE changing ALTER large SET STORAGE EXTERNAL;
      INSERT INTO changing SELECT i, 0, repeat('l', 3000) FROM generate_series(1, 3000) i`)
    await first.end()
    const before = await openStreams({ directory })
    await before.sources.put(by, project, 'changing', {
      kind: 'postgres-changes',
      host: '127.0.0.1',
      port: server.port,
      database: 'postgres',
      table: 'changing',
      user: 'kedge',
      land: { seconds: 0.5 },
    })
    await before.close()

    let producing = true
    const produce = async () => {
      while (producing)
        try {
          const client = await connect()
          while (producing) {
            const some = Math.floor(random() * 2900)
            // a delete and an insert of one key within a transaction, and updates that leave the large value as it is
            await client.query(`BEGIN; UPDATE changing SET v = v + 1 WHERE id BETWEEN ${some} AND ${some + 90};
              DELETE FROM changing WHERE id = ${some + 95};
              INSERT INTO changing VALUES (${some + 95}, 0, NULL); UPDATE changing SET v = v + 1 WHERE id = ${some + 95}; COMMIT`)
            await wait(20)
          }
          await client.end()
        } catch {
          await wait(50)
        }
    }
    const production = produce()
    for (let kill = 0; kill < kills; kill++) {
      const child = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
      const ended = new Promise((resolve) => child.once('exit', resolve))
      if (random() < 0.7)
        await Promise.race([
          new Promise((resolve) => child.stdout.once('data', resolve)),
          ended.then(() => expect.fail('the reader ended by itself')),
        ])
      await wait(random() * 1200)
      if (kill % 3 === 1) {
        await server.kill()
        await server.start()
        await wait(random() * 500)
      }
      child.kill('SIGKILL')
      await ended
    }
    producing = false
    await production

    const client = await connect()
    const { rows: wanted } = await client.query<{ id: number; v: number; large: string | null }>(
      'SELECT * FROM changing ORDER BY id',
    )
    await client.query("INSERT INTO changing VALUES (-1, 0, 'end')")
    await client.end()
    const stand = await openStreams({ directory })
    try {
      const current = async () => {
        const { rows, columns } = await stand.sources.preview(project, 'changing', 1_000_000)
        const at = (name: string) => columns.findIndex((column) => column.name === name)
        return rows
          .map((row) => ({ id: Number(row[at('id')]), v: Number(row[at('v')]), large: row[at('large')] }))
          .sort((a, b) => a.id - b.id)
      }
      const ready = async () => (await current().catch(() => []))[0]?.id === -1
      const end = performance.now() + 60_000
      while (!(await ready())) {
        if (performance.now() > end) expect.fail(JSON.stringify(await stand.streams.get(project, 'changing')))
        await wait(200)
      }
      expect((await current()).slice(1)).toEqual(wanted)

      const source = (await stand.sources.get(project, 'changing')).config
      await stand.sources.put(by, project, 'changing', { ...source, rows: 'changes' })
      const history = await stand.landed('changing', ['_operation', 'id', 'v', '_lsn', '_transaction'])
      const versions = new Map<number, number>()
      const wrong: unknown[] = []
      for (const row of history) {
        const [operation, id, v] = row as [string, number, number]
        const last = versions.get(id)
        if (operation === 'snapshot' || operation === 'insert') {
          if (last !== undefined) wrong.push(row)
          versions.set(id, v)
        } else if (operation === 'update') {
          if (last === undefined || v !== last + 1) wrong.push([...row, last])
          versions.set(id, v)
        } else if (!versions.delete(id)) wrong.push(row)
      }
      expect(wrong).toEqual([])
      const state = await stand.streams.get(project, 'changing')
      expect(state).toMatchObject({ deadLetters: 0, problem: null })
    } finally {
      await stand.close()
      await server.stop()
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
