import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LoopServer, startLoopServer } from '../../src/cli/loop/loop-server.ts'
import type { EndpointDetail } from '../../web/src/api/types.ts'
import { exampleInstance, snippets } from '../../web/src/pages/endpoints/snippets.ts'
import { eventually, fixtures } from '../serving/stand.ts'
import { cli } from './run-cli.ts'

let folder: string
let server: LoopServer
const base = '/api/v1/projects/default/endpoints/delay'
const on = (...args: string[]) => cli(args, { url: server.url, cwd: folder })
const get = async <T>(path: string): Promise<T> => (await (await fetch(`${server.url}${path}`)).json()) as T
const endpoint = () => get<EndpointDetail>(base)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kedge-bench-'))
  server = await startLoopServer({
    data: join(folder, 'data'),
    environment: { ...process.env, KEDGE_PRICE_CPU_HOUR: '3600' },
    progress: () => {},
  })
  expect((await on('deploy', join(fixtures, 'delay-1'), '--name', 'delay')).code).toBe(0)
})
afterAll(async () => {
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

interface Answer {
  rows: string
  points: { clients: number; batch: number; requests: number; failed: number; p50: number; p99: number }[]
}

test('measures an endpoint without anybody noticing, and keeps what it found', async () => {
  const asked = await on('bench', 'delay', '--clients', '1,2', '--batch', '1,5', '--seconds', '0.2', '--json')
  expect(asked.code, asked.err).toBe(0)
  const { points, rows } = asked.json<Answer>()
  expect(rows).toBe('signature')
  expect(points.map(({ clients, batch }) => [clients, batch])).toEqual([
    [1, 1],
    [2, 1],
    [1, 5],
    [2, 5],
  ])
  for (const point of points) {
    expect(point.requests).toBeGreaterThan(0)
    expect(point.failed).toBe(0)
    expect(point.p99).toBeGreaterThanOrEqual(point.p50)
  }
  expect((await get<{ items: Answer[] }>(`${base}/capacity`)).items[0]).toMatchObject({ rows, points })
  // a report of the inference process from after the load
  const nodes = async () => (await get<{ items: { at: number }[] }>(`${base}/nodes`)).items
  const { at } = (await nodes())[0]!
  await eventually(async () => (await nodes())[0]!.at > at)
  expect((await endpoint()).live).toMatchObject({ predictions: 0, p50: null })
  expect(await get(`${base}/requests`)).toEqual({ slow: [], failed: [] })
  expect(await get(`${base}/predictions`)).toMatchObject({ items: [] })
})

test('every snippet of the page is answered, and what it cost and how long it took is told', async () => {
  const one = await endpoint()
  const features = exampleInstance(one, { distance: 400, hour: 8, origin: "O'RD" })
  // the server asks nobody for a token, but the code that sends one must run as well
  const env = { ...process.env, KEDGE_TOKEN: 'a-token' }
  const run = async (command: string, args: string[]) =>
    JSON.parse(
      (await promisify(execFile)(command, args, { env })).stdout.trim().replaceAll("'", '"').replaceAll('None', 'null'),
    )
  const answer = { predictions: [{ id: 'my-id-1', score: expect.any(Number), label: expect.anything(), revision: 1 }] }
  for (const secured of [false, true]) {
    const { curl, Python, JavaScript } = snippets
    expect(await run('sh', ['-c', curl(one, features, secured).replace('curl ', 'curl -s ')])).toEqual(answer)
    expect(await run('python3', ['-c', Python(one, features, secured)])).toEqual(answer)
    const script = JavaScript(one, features, secured).replace(/console.log\((.*)\)$/, 'console.log(JSON.stringify($1))')
    expect(await run(process.execPath, ['--input-type=module', '-e', script])).toEqual(answer)
  }
  expect(snippets.curl(one, features, true)).toContain('authorization')

  await eventually(async () => (await endpoint()).live.predictions === 6)
  const { slow } = await eventually(async () => {
    const requests = await get<{ slow: { id: string; total: number; model: number; revision: number }[] }>(
      `${base}/requests`,
    )
    return requests.slow.length === 6 && requests
  })
  expect(slow[0]).toMatchObject({ id: 'my-id-1', revision: 1 })
  expect(slow[0]!.total).toBeGreaterThanOrEqual(slow[0]!.model)
  expect(slow[0]!.model).toBeGreaterThan(0)
  const { cost, live } = await endpoint()
  expect(live.cpuSeconds).toBeGreaterThan(0)
  expect(cost).toEqual({ amount: expect.closeTo(live.cpuSeconds, 6), currency: 'unit' })
})

test('what fails is told with its place, without what the caller sent', async () => {
  const { addresses } = await endpoint()
  const ask = (body: string) => fetch(`${addresses.http}/endpoints/delay/predict`, { method: 'POST', body })
  expect((await ask('{"instances": [{"features": {"distance": "Jane Doe", "hour": 1, "origin": "A"}}]}')).status).toBe(
    400,
  )
  expect((await ask('Jane Doe')).status).toBe(400)
  const failed = await eventually(async () => {
    const requests = await get<{ failed: { error: { code: string; message: string } }[] }>(`${base}/requests`)
    return requests.failed.length === 2 && requests.failed
  })
  expect(failed.map(({ error }) => error.code)).toEqual(['invalid_input', 'invalid_input'])
  expect(failed[1]!.error.message).toContain('distance must be a finite number')
  expect(JSON.stringify(failed)).not.toContain('Jane')
})

test('does not load a server that answers callers, unless told to', async () => {
  const refused = await on('bench', 'delay', '--seconds', '0.1')
  expect(refused).toMatchObject({ code: 1 })
  expect(refused.err).toContain('delay answered callers')
  const recorded = await eventually(
    async () => (await get<{ items: unknown[] }>(`${base}/predictions`)).items.length > 0,
  )
  expect(recorded).toBe(true)
  const told = await on('bench', 'delay', '--seconds', '0.1', '--clients', '1', '--batch', '1', '--yes')
  expect(told.code, told.err).toBe(0)
  expect(told.out).toContain('rows on record')
  expect(told.out).toMatch(/BATCH +CLIENTS +REQUESTS\/S/)
  expect(told.out).toContain('● 1')
})
