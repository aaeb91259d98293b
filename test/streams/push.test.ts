import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/log.ts'
import { createHttpServer } from '../../src/protocols/http-server.ts'
import { streamRoutes } from '../../src/protocols/kedge/stream-routes.ts'
import { by, project } from '../data/open-data.ts'
import { openStreams, type StreamStand } from './stand.ts'

describe('pushed rows', () => {
  let stand: StreamStand
  let app: FastifyInstance
  beforeAll(async () => {
    stand = await openStreams()
    app = createHttpServer({
      log: silentLog,
      allowedHosts: new Set(['localhost']),
      identify: async () => ({ actor: 'user/ada', may: () => true }),
    })
    streamRoutes(app, { data: stand })
  })
  afterAll(async () => {
    await app.close()
    await stand.close()
  })
  async function push(name: string, payload: string | Buffer, headers: Record<string, string> = {}) {
    const response = await app.inject({
      method: 'POST',
      url: `/api/v1/projects/${project}/streams/${name}/rows`,
      payload,
      headers: { host: 'localhost', 'content-type': 'application/x-ndjson', ...headers },
    })
    return { status: response.statusCode, body: response.json(), headers: response.headers }
  }

  it('lands the good rows, names the bad ones and keeps them, and lands a repeated push once', async () => {
    await stand.sources.put(by, project, 'pushed', {
      kind: 'push',
      land: { seconds: 0.2 },
      columns: { n: 'int', big: 'text' },
    })
    const lines = '{"n": 1, "who": "a"}\n[1]\n\n{"n": 2, "big": 12345678901234567, "deep": {"x": [1, 2]}}\nnope\n'
    const first = await push('pushed', lines, { 'idempotency-key': 'one' })
    expect(first).toMatchObject({
      status: 200,
      body: {
        landed: 2,
        rejected: 2,
        first: 0,
        repeated: false,
        errors: [{ row: 1, what: 'is no object' }, { row: 3 }],
      },
    })
    expect((await push('pushed', lines, { 'idempotency-key': 'one' })).body).toMatchObject({
      landed: 2,
      repeated: true,
    })
    expect((await push('pushed', '{}', { 'idempotency-key': 'one' })).status).toBe(409)
    expect(
      (await push('pushed', '[{"n": 3, "late": true}, 4]', { 'content-type': 'application/json' })).body,
    ).toMatchObject({ landed: 1, rejected: 1, first: 2 })
    expect((await push('pushed', '{"n": ', { 'content-type': 'application/json' })).status).toBe(400)
    expect((await push('absent', '{}')).status).toBe(404)

    const rows = await stand.landed('pushed', ['n', 'big', 'who', 'deep', 'late', '_sequence'])
    expect(rows).toEqual([
      [1, null, 'a', null, null, 0],
      [2, '12345678901234567', null, '{"x":[1,2]}', null, 1],
      [3, null, null, null, expect.anything(), 2],
    ])
    const { items, total } = await stand.streams.deadLetters(project, 'pushed', { limit: 2 })
    expect(total).toBe(3)
    expect(items.map(({ payload }) => Buffer.from(payload, 'base64').toString())).toEqual(['4', 'nope'])
  })

  it('makes a version of the datasets that read from it, and another when more has landed', async () => {
    await stand.sources.put(by, project, 'sales', { kind: 'push', land: { seconds: 0.1 }, versions: { seconds: 0 } })
    await stand.datasets.put(by, project, 'sales', { from: 'sales', curate: [{ filter: 'amount > 0' }] })
    await push('sales', '{"amount": 1}\n{"amount": -1}')
    const version = async (rows: number) => {
      for (let tries = 0; tries < 400; tries++) {
        const latest = await stand.datasets.latest(project, 'sales')
        if (latest?.rowCount === rows) return latest
        await new Promise((done) => setTimeout(done, 25))
      }
      throw new Error(
        `no version with ${rows} rows: ${JSON.stringify(await stand.environment.jobs.list({ kind: 'data.materialise' }))}`,
      )
    }
    const one = await version(1)
    await push('sales', '{"amount": 2, "new": "x"}')
    const two = await version(2)
    expect(two.version).toBeGreaterThan(one.version)
    expect(two.schema.map(({ name }) => name)).toContain('new')
  })

  it('refuses with 429 when the buffer is full, and says so while it is paused', async () => {
    await stand.sources.put(by, project, 'small', { kind: 'push', buffer: 1024, land: { seconds: 86_400 } })
    expect((await push('small', `{"a": "${'x'.repeat(900)}"}`)).status).toBe(200)
    const full = await push('small', `{"a": "${'x'.repeat(900)}"}`)
    expect(full).toMatchObject({ status: 429, body: { error: { code: 'overloaded' } } })
    expect(full.headers['retry-after']).toBe('1')
    const url = `/api/v1/projects/${project}/streams/small`
    const call = async (path: string) =>
      (await app.inject({ method: 'POST', url: `${url}/${path}`, headers: { host: 'localhost' } })).json()
    expect(await call('pause')).toMatchObject({ state: 'paused' })
    // what had landed is in a micro-batch although its time had not come
    await stand.until('small', ({ buffered, batches }) => buffered.rows === 0 && batches.rows === 1)
    expect((await push('small', '{}')).status).toBe(409)
    expect(await call('resume')).toMatchObject({ state: 'running' })
    expect((await push('small', '{"a": 1}')).status).toBe(200)
  })

  it('writes small files together, without a gap', async () => {
    await stand.sources.put(by, project, 'many', { kind: 'push', land: { rows: 1, seconds: 86_400 } })
    for (let i = 0; i < 20; i++) await push('many', `{"i": ${i}, "f${i % 3}": 1}`)
    const state = await stand.until('many', ({ batches }) => batches.rows === 20 && batches.files <= 6)
    expect(state.buffered).toEqual({ rows: 0, bytes: 0 })
    const rows = await stand.landed('many', ['i', '_sequence'])
    expect(rows.map(([i, at]) => [Number(i), Number(at)]).sort((a, b) => a[0]! - b[0]!)).toEqual(
      Array.from({ length: 20 }, (_, i) => [i, i]),
    )
  })
})
