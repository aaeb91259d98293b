import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seededRandom } from '../../src/statistics/seeded-random.ts'
import { type Body, day, hour } from './stand.ts'

const rounds = Number(process.env.KEDGE_TEST_KILLS ?? 4)
const clients = 4
const entry = join(import.meta.dirname, 'serve-until-killed.ts')
const start = Date.parse('2001-03-05T00:00:00Z')

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kedge-joins-killed-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

async function serve(): Promise<{ child: ChildProcess; address: string }> {
  const child = spawn(process.execPath, [entry, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the server ended with ${code} before it listened`)
  })
  const [address] = await Promise.race([once(createInterface({ input: child.stdout! }), 'line'), ended])
  ended.catch(() => {})
  return { child, address }
}

async function send(method: string, url: string, body?: unknown): Promise<Body> {
  const answer = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`)
  return answer.json()
}

interface Known {
  time: number
  score: number
  /** undefined: none was acknowledged; `asked`: it may have been taken all the same */
  actual?: number
  asked?: number
}

test(`every acknowledged prediction and actual is there once after ${rounds} times kill -9 of control or of the events process`, async () => {
  const random = seededRandom(20_010_305)
  const known = new Map<string, Known>()
  let sequence = 0

  /** Logs predictions and actuals, each twice now and then, until the server goes away. */
  async function log(api: string, client: number, stop: AbortSignal) {
    while (!stop.aborted) {
      const items = Array.from({ length: 20 }, () => {
        const n = sequence++
        return {
          id: `c${client}-${n}`,
          time: start + (n % 48) * hour + n,
          features: { x: n % 9 },
          score: (n % 10) / 10,
        }
      })
      try {
        // half of the actuals come before their predictions
        const actuals = items.map(({ id }, i) => ({ id, value: (sequence + i) % 2 }))
        const early = actuals.slice(0, 10)
        for (const { id, value } of early) known.set(id, { time: -1, score: 0, asked: value })
        await send('POST', `${api}/actuals`, early)
        for (const { id, value } of early) known.get(id)!.actual = value
        await send('POST', `${api}/predictions`, items)
        for (const { id, time, score } of items) known.set(id, { ...known.get(id), time, score })
        if (sequence % 3 === 0) await send('POST', `${api}/predictions`, items)
        const late = actuals.slice(10)
        for (const { id, value } of late) known.get(id)!.asked = value
        await send('POST', `${api}/actuals`, late)
        for (const { id, value } of late) known.get(id)!.actual = value
        await send('POST', `${api}/actuals`, early)
      } catch (error) {
        if (!/fetch failed|terminated|aborted/.test(String(error))) throw error
        return
      }
    }
  }

  for (let round = 0; round < rounds; round++) {
    const { child, address } = await serve()
    const api = `${address}/api/v1/projects/p/endpoints/e`
    const ended = once(child, 'exit')
    const stop = new AbortController()
    const working = Array.from({ length: clients }, (_, client) => log(api, client, stop.signal))
    await new Promise((done) => setTimeout(done, 500 + random() * 700))
    // the events process first: control goes on; then both
    const { stores } = await send('GET', `${address}/api/v1/status`)
    if (round % 2 === 0 && stores.events.pid) {
      process.kill(stores.events.pid, 'SIGKILL')
      await new Promise((done) => setTimeout(done, 300 + random() * 500))
    }
    child.kill('SIGKILL')
    await ended
    stop.abort()
    await Promise.all(working)
  }

  const { child, address } = await serve()
  try {
    const project = `${address}/api/v1/projects/p`
    // what was left behind is marked at the start, and computed
    for (;;) {
      const { waiting, failure } = await send('GET', `${project}/endpoints/e/monitoring`)
      const { items } = await send('GET', `${project}/jobs?limit=100`)
      const busy = items.some(
        (job: Body) => /monitoring\.(profile|evaluate)/.test(job.kind) && /queued|running/.test(job.state),
      )
      if (!busy && waiting >= 0) {
        // a job that died with its process too often is given up, and another one has done its work
        expect(failure).toBeNull()
        break
      }
      await new Promise((done) => setTimeout(done, 50))
    }
    const acknowledged = [...known].filter(([, row]) => row.time >= 0)
    expect(acknowledged.length).toBeGreaterThan(rounds * 20)
    const rows: Body[] = []
    for (let offset = 0; ; offset += 1000) {
      const { items } = await send('GET', `${project}/endpoints/e/predictions?limit=1000&offset=${offset}`)
      rows.push(...items)
      if (items.length < 1000) break
    }
    const byId = new Map(rows.map((row) => [row.id, row]))
    expect(byId.size).toBe(rows.length)
    for (const [id, { time, score, actual }] of acknowledged) {
      const row = byId.get(id)
      expect(row, id).toMatchObject({ time, score })
      if (actual !== undefined) expect(row.actual, `the actual of ${id}`).toBe(actual)
    }
    // the profiles say the same as the rows
    const joined = rows.filter((row) => row.actual !== null).length
    const { items } = await send(
      'GET',
      `${project}/endpoints/e/performance?from=${start}&to=${start + 3 * day}&days=366`,
    )
    expect(items).toMatchObject([{ predictions: rows.length, actuals: joined }])
  } finally {
    child.kill('SIGKILL')
  }
}, 1_200_000)
