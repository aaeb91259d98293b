import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { type Kedge, startKedge } from '../../src/main.ts'
import { eventually, expectedOf, fixtures, post, temporaryDirectory } from './stand.ts'

const { instances } = expectedOf('delay-1')
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let kedge: Kedge
let predictions: string

beforeAll(async () => {
  directory = await temporaryDirectory()
  kedge = await startKedge(readConfig({ port: 0, data: directory.path, logLevel: 'silent' }), silentLog)
  predictions = (await kedge.ready()).inference!
})
afterAll(async () => {
  await kedge?.stop()
  await directory?.remove()
})

async function deploy(name: string, fixture: string) {
  const { readFile } = await import('node:fs/promises')
  const files: Record<string, string> = {}
  for (const file of ['model.onnx', 'kedge-model.json']) {
    const answer = await fetch(`${kedge.address}/api/v1/projects/default/uploads`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: await readFile(`${fixtures}${fixture}/${file}`),
    })
    files[file] = ((await answer.json()) as { digest: string }).digest
  }
  return post(`${kedge.address}/api/v1/projects/default/deploy`, { name, files })
}

test('ids that are personal stand on record as pseudonyms; actuals and erasures find them by the callers’ ids', async () => {
  expect((await deploy('persons', 'delay-1')).status).toBe(200)
  const base = `${kedge.address}/api/v1/projects/default/endpoints/persons`
  const before = (await (await fetch(base)).json()) as { spec: object }
  const put = (personal: object) =>
    fetch(base, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...before.spec, record: { personal } }),
    })
  expect((await put({ $id: 'drop' })).status).toBe(400)
  expect((await put(['$id'])).status).toBe(200)
  const found = (sql: string) => kedge.environment.events.query<{ id: string }>(sql)
  let sent = 0
  const first = await eventually(async () => {
    // until the inference process knows
    await post(`${predictions}/endpoints/persons/predict`, {
      instances: [{ id: `ann-${sent++}`, features: instances[0] }],
    })
    return (await found(`SELECT id FROM predictions WHERE endpoint = 'persons' AND id LIKE 'hash:%'`))[0]
  }, 'a masked id')
  await post(`${predictions}/endpoints/persons/predict`, { instances: [{ id: 'ann', features: instances[0] }] })
  await eventually(
    async () => (await found(`SELECT DISTINCT id FROM predictions WHERE endpoint = 'persons'`)).length === sent + 1,
  )
  const actuals = await post(`${base}/actuals`, {
    items: [
      { id: 'ann', value: true },
      { id: first.id, value: false },
    ],
  })
  expect(actuals).toMatchObject({ body: { accepted: 2, unknown: 0 } })
  expect(JSON.stringify(await found(`SELECT id FROM actuals WHERE endpoint = 'persons'`))).not.toContain('ann')
  const erased = await post(`${base}/erasures`, { ids: ['ann'], reason: 'asked to be forgotten' })
  expect(erased).toMatchObject({ status: 202, body: { predictions: 1, actuals: 1 } })
})

test('the whole server: a model is deployed, predicts, and every prediction is in the events store with its features', async () => {
  expect(await deploy('delay', 'delay-1')).toMatchObject({ status: 200, body: { state: 'ready', revision: 1 } })
  const n = 600
  for (let i = 0; i < n; i += 20) {
    const batch = Array.from({ length: 20 }, (_, k) => ({
      id: `p-${i + k}`,
      time: 981_936_000_000 + (i + k) * 60_000,
      features: instances[k],
    }))
    expect((await post(`${predictions}/endpoints/delay/predict`, { instances: batch })).status).toBe(200)
  }
  await post(`${predictions}/endpoints/delay/invocations`, { dataframe_records: instances.slice(0, 5) })
  const rows = await eventually(async () => {
    const found = await kedge.environment.events.query<{
      id: string
      time: string
      numbers: Record<string, number>
      texts: Record<string, string>
      score: number
      label: string
    }>(
      `SELECT id, time, numbers, texts, score, label FROM predictions FINAL WHERE endpoint = 'delay' ORDER BY time, id`,
    )
    return found.length === n + 5 && found
  }, 'the record')
  expect(rows[21]).toMatchObject({
    id: 'p-21',
    numbers: { distance: instances[1]!.distance, hour: instances[1]!.hour },
    texts: { origin: instances[1]!.origin },
  })
  expect(Date.parse(rows[21]!.time)).toBe(981_936_000_000 + 21 * 60_000)
  const [counted] = await kedge.environment.events.query<{ n: number }>(
    `SELECT count() AS n FROM predictions WHERE endpoint = 'delay'`,
  )
  expect(counted!.n).toBe(n + 5)
  // what a process has counted comes twice a second
  const shown = await eventually(async () => {
    const answer = await fetch(`${kedge.address}/api/v1/projects/default/endpoints/delay`)
    const { live } = (await answer.json()) as { live: { predictions: number; p50: number } }
    return live.predictions === n + 5 && { live }
  }, 'the count')
  expect(shown.live.p50).toBeGreaterThan(0)
})
