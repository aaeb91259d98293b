import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seededRandom } from '../../src/statistics/seeded-random.ts'

const rounds = Number(process.env.KEDGE_KILLS ?? 6)
const clients = 4
const entry = join(import.meta.dirname, 'serve-until-killed.ts')

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kedge-killed-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

async function start(): Promise<{ child: ChildProcess; api: string }> {
  const child = spawn(process.execPath, [entry, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [address] = await once(createInterface({ input: child.stdout! }), 'line')
  return { child, api: `${address}/api/2.0` }
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at, not used
type Body = Record<string, any>

async function send(url: string, method: string, body?: string): Promise<Body> {
  const answer = await fetch(url, { method, ...(body === undefined ? {} : { body }) })
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
  }
  let sequence = 0

  /** Logs until the server goes away; what was not answered may be there or not. */
  async function log(api: string) {
    try {
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
      }
    } catch (error) {
      if (!/fetch failed|terminated|aborted/.test(String(error))) throw error
    }
  }

  for (let round = 0; round < rounds; round++) {
    const { child, api } = await start()
    const ended = once(child, 'exit')
    const working = Array.from({ length: clients }, () => log(api))
    await new Promise((done) => setTimeout(done, 150 + random() * 500))
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
}, 120_000)
