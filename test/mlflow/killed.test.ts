import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seededRandom } from '../../src/statistics/seeded-random.ts'

const rounds = Number(process.env.KEDGE_TEST_KILLS ?? 6)
const clients = 8
const entry = join(import.meta.dirname, 'serve-until-killed.ts')

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kedge-killed-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

async function start(): Promise<{ child: ChildProcess; address: string; api: string }> {
  const child = spawn(process.execPath, [entry, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [address] = await once(createInterface({ input: child.stdout! }), 'line')
  return { child, address, api: `${address}/api/2.0` }
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at, not used
type Body = Record<string, any>

async function send(url: string, method: string, body?: string, headers: Record<string, string> = {}): Promise<Body> {
  const answer = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) })
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`)
  return (await answer.json()) as Body
}

test(`what is acknowledged is there, once, after ${rounds} times kill -9 while ${clients} clients log`, async () => {
  const random = seededRandom(20_010_101)
  const acknowledged = {
    runs: [] as string[],
    points: new Map<string, Set<number>>(),
    params: new Map<string, string[]>(),
    artifacts: [] as string[],
    /** spans of a trace, each with the id of its own */
    spans: [] as { trace: string; span: string }[],
    /** versions of the model `m<client>`, and the one that its alias named last */
    versions: new Map<string, number>(),
    aliases: new Map<string, { asked: number; answered: number }>(),
  }
  let sequence = 0

  /** Logs until the server goes away; what was not answered may be there or not. */
  async function log(api: string, address: string, client: number) {
    const model = `m${client}`
    try {
      if (!acknowledged.versions.has(model)) {
        // the answer to an earlier try may have been lost
        await send(`${api}/mlflow/registered-models/create`, 'POST', JSON.stringify({ name: model })).catch((error) => {
          if (!/RESOURCE_ALREADY_EXISTS/.test(String(error))) throw error
        })
        acknowledged.versions.set(model, 0)
      }
      for (;;) {
        const { run } = await send(
          `${api}/mlflow/runs/create`,
          'POST',
          JSON.stringify({ experiment_id: '0', start_time: 1 }),
        )
        const id = run.info.run_id as string
        acknowledged.runs.push(id)
        const points = new Set<number>()
        const params: string[] = []
        acknowledged.points.set(id, points)
        acknowledged.params.set(id, params)
        for (let batch = 0; batch < 5; batch++) {
          const steps = Array.from({ length: 20 }, () => sequence++)
          const body = {
            run_id: id,
            metrics: steps.map((step) => ({ key: 'm', value: step / 8, timestamp: step, step })),
            params: [{ key: `p${batch}`, value: String(batch) }],
          }
          // each batch twice, as a client that missed the answer would send it
          for (let time = 0; time < 2; time++) await send(`${api}/mlflow/runs/log-batch`, 'POST', JSON.stringify(body))
          for (const step of steps) points.add(step)
          params.push(`p${batch}`)
          const path = `0/${id}/artifacts/${batch}.txt`
          await send(`${api}/mlflow-artifacts/artifacts/${path}`, 'PUT', `${id} ${batch}`.repeat(50))
          acknowledged.artifacts.push(path)
        }
        const trace = id
        const span = id.slice(0, 16)
        const times = { startTimeUnixNano: '1', endTimeUnixNano: '2' }
        const spans = [{ traceId: trace, spanId: span, name: 's', ...times }]
        const exported = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] })
        const headers = { 'content-type': 'application/json', 'x-mlflow-experiment-id': '0' }
        for (let time = 0; time < 2; time++) await send(`${address}/v1/traces`, 'POST', exported, headers)
        acknowledged.spans.push({ trace, span })

        const source = JSON.stringify({ name: model, source: `runs:/${id}/0.txt`, run_id: id })
        const { model_version: made } = await send(`${api}/mlflow/model-versions/create`, 'POST', source)
        const version = Number(made.version)
        acknowledged.versions.set(model, version)
        const alias = acknowledged.aliases.get(model) ?? { asked: 0, answered: 0 }
        acknowledged.aliases.set(model, alias)
        alias.asked = version
        const move = JSON.stringify({ name: model, alias: 'champion', version: String(version) })
        await send(`${api}/mlflow/registered-models/alias`, 'POST', move)
        alias.answered = version
      }
    } catch (error) {
      if (!/fetch failed|terminated|aborted/.test(String(error))) throw error
    }
  }

  for (let round = 0; round < rounds; round++) {
    const { child, address, api } = await start()
    const ended = once(child, 'exit')
    const working = Array.from({ length: clients }, (_, client) => log(api, address, client))
    await new Promise((done) => setTimeout(done, 200 + random() * 600))
    child.kill('SIGKILL')
    await ended
    await Promise.all(working)
  }

  const { child, api } = await start()
  try {
    expect(acknowledged.runs.length).toBeGreaterThan(rounds)
    for (const id of acknowledged.runs) {
      const { run } = await send(`${api}/mlflow/runs/get?run_id=${id}`, 'GET')
      const params = new Set((run.data.params ?? []).map((param: { key: string }) => param.key))
      for (const key of acknowledged.params.get(id)!) expect(params).toContain(key)
      const { metrics = [] } = await send(`${api}/mlflow/metrics/get-history?run_id=${id}&metric_key=m`, 'GET')
      const steps = metrics.map((point: { step: number }) => point.step) as number[]
      expect(new Set(steps).size).toBe(steps.length)
      // a batch is there as a whole or not at all
      expect(steps.length % 20).toBe(0)
      const there = new Set(steps)
      for (const step of acknowledged.points.get(id)!) expect(there.has(step)).toBe(true)
    }
    for (const path of acknowledged.artifacts) {
      const answer = await fetch(`${api}/mlflow-artifacts/artifacts/${path}`)
      expect(answer.status).toBe(200)
      const [, id, , name] = path.split('/')
      expect(await answer.text()).toBe(`${id} ${name!.replace('.txt', '')}`.repeat(50))
    }
    for (const { trace, span } of acknowledged.spans) {
      const { trace: found } = await send(`${api.replace('2.0', '3.0')}/mlflow/traces/get?trace_id=tr-${trace}`, 'GET')
      expect(found.spans, `spans of ${trace}`).toHaveLength(1)
      expect(Buffer.from(found.spans[0].span_id, 'base64').toString('hex')).toBe(span)
    }
    expect(acknowledged.spans.length).toBeGreaterThan(0)
    for (const [model, last] of acknowledged.versions) {
      const filter = encodeURIComponent(`name = '${model}'`)
      const found = await send(`${api}/mlflow/model-versions/search?filter=${filter}&max_results=10000`, 'GET')
      const versions = ((found.model_versions ?? []) as { version: string }[])
        .map((one) => Number(one.version))
        .sort((a, b) => a - b)
      // numbered without a gap or a repetition; at most the last one was never answered for
      expect(versions).toEqual(versions.map((_, i) => i + 1))
      expect(versions.length).toBeGreaterThanOrEqual(last)
      const { answered } = acknowledged.aliases.get(model) ?? { answered: 0 }
      if (answered === 0) continue
      const named = await send(`${api}/mlflow/registered-models/alias?name=${model}&alias=champion`, 'GET')
      expect(Number(named.model_version.version)).toBeGreaterThanOrEqual(answered)
    }
    const { runs } = await send(
      `${api}/mlflow/runs/search`,
      'POST',
      JSON.stringify({ experiment_ids: ['0'], max_results: 50_000 }),
    )
    expect(runs.length).toBeGreaterThanOrEqual(acknowledged.runs.length)
    expect(runs.length).toBeLessThanOrEqual(acknowledged.runs.length + rounds * clients)
  } finally {
    child.kill('SIGKILL')
  }
}, 1_200_000)
