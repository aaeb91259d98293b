import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { type Kedge, startKedge } from '../../src/main.ts'
import * as schemas from '../../src/protocols/kedge/schemas/explanations.ts'
import { seededRandom } from '../../src/statistics/seeded-random.ts'
import { eventually, fixtures, post, temporaryDirectory } from '../serving/stand.ts'

const day = 86_400_000
const start = Date.UTC(2001, 0, 1)
const origins = ['SJC', 'SFO', 'LAX', 'ORD', 'ATL']
const random = seededRandom(5)

/** A flight of the model's world; of a far one the distance matters more. */
const flight = (far: number) => ({
  distance: Math.round(-250 * far * Math.log(random() * random() * random() + 1e-12)),
  hour: Math.floor(random() * 24),
  origin: origins[Math.floor(random() * origins.length)]!,
})

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let kedge: Kedge
let predictions: string
const base = () => `${kedge.address}/api/v1/projects/default`

async function get<T>(path: string): Promise<T> {
  const answer = await fetch(`${base()}${path}`)
  const body = await answer.json()
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${JSON.stringify(body)}`)
  return body as T
}

async function predict(number: number, rows: number, far: number, to = 1) {
  const instances = Array.from({ length: rows }, (_, i) => ({
    id: `d${number}-${to}-${i}`,
    time: start + number * day + Math.floor((i * day) / rows),
    features: flight(far),
  }))
  const answer = await post(`${predictions}/endpoints/delay/predict`, { instances })
  expect(answer.status).toBe(200)
  return (answer.body as { predictions: { id: string; score: number }[] }).predictions
}

/** Waits until rows are profiled, has the days explained, and waits for that. */
async function explained(rows: number) {
  const { store, events, jobs } = kedge.environment
  await eventually(async () => {
    const [row] = await events.query<{ n: number }>(
      `SELECT sum(count) AS n FROM profile_days FINAL WHERE feature = '$score' AND scope = 'endpoint/delay'`,
    )
    return row!.n === rows
  }, 'the profiles')
  await post(`${base()}/endpoints/delay/explanations/refresh`, {})
  for (;;) {
    const [job] = await store.read
      .selectFrom('jobs')
      .select('id')
      .where('kind', '=', 'monitoring.explain')
      .where('state', 'in', ['queued', 'running'])
      .execute()
    if (!job) return
    await jobs.wait(job.id)
  }
}

beforeAll(async () => {
  directory = await temporaryDirectory()
  kedge = await startKedge(readConfig({ port: 0, data: directory.path, logLevel: 'silent' }), silentLog)
  predictions = (await kedge.ready()).inference!
  const files: Record<string, string> = {}
  for (const file of ['model.onnx', 'kedge-model.json']) {
    const answer = await fetch(`${base()}/uploads`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: await readFile(`${fixtures}delay-1/${file}`),
    })
    files[file] = ((await answer.json()) as { digest: string }).digest
  }
  expect(await post(`${base()}/deploy`, { name: 'delay', files })).toMatchObject({ status: 200 })
  // what a gate would leave: scored rows that the version was judged by
  const path = join(directory.path, 'reference.parquet')
  await kedge.environment.events.command(
    `INSERT INTO FUNCTION file({path:String}, 'Parquet')
     SELECT * FROM values('distance Float64, hour Float64, origin String, score Float64, label Float64, split String', ${Array.from(
       { length: 400 },
       (_, i) => {
         const { distance, hour, origin } = flight(1)
         return `(${distance}, ${hour}, '${origin}', 0.3, ${hour > 16 ? 1 : 0}, '${i % 4 === 0 ? 'train' : 'holdout'}')`
       },
     ).join(', ')})`,
    { path },
  )
  const { digest } = await kedge.environment.blobs.putFile(path)
  await kedge.environment.store.write(({ db }) => db.updateTable('model_versions').set({ reference: digest }).execute())
}, 120_000)
afterAll(async () => {
  await kedge?.stop()
  await directory?.remove()
})

test('before anything is explained there is nothing, and no error', async () => {
  const found = schemas.globalImportance.parse(await get('/endpoints/delay/explanations/importance'))
  expect(found).toMatchObject({ definition: null, features: [], samples: 0 })
  expect(schemas.sampledExplanations.parse(await get('/endpoints/delay/explanations/sample')).rows).toEqual([])
})

describe('two days as they always were, and one of far flights', () => {
  let first: { id: string; score: number }[]
  beforeAll(async () => {
    first = await predict(0, 300, 1)
    await predict(1, 300, 1)
    await predict(2, 300, 6)
    // one caller's clock is years ahead
    await predict(3000, 1, 1)
    await explained(901)
  }, 120_000)

  test('importance says what it is of, adds up, and is known to an interval', async () => {
    const found = schemas.globalImportance.parse(await get('/endpoints/delay/explanations/importance'))
    expect(found.definition).toMatchObject({
      method: 'linear',
      unit: 'log_odds',
      background: 100,
      origin: 'reference',
      inexact: null,
    })
    expect(found).toMatchObject({ days: 3, rows: 900, samples: 600, otherwise: 0, notExplained: [] })
    expect(found.residual).toBeLessThan(1e-5)
    expect(found.features.map(({ feature }) => feature).sort()).toEqual(['distance', 'hour', 'origin'])
    expect(found.features.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9)
    for (const { value, low, high } of found.features) expect(low <= value && value <= high && high > low).toBe(true)
  })

  test('attribution drift is found on the day of the far flights, and not before', async () => {
    const { items, features } = schemas.explanationHistory.parse(await get('/endpoints/delay/explanations/history'))
    expect(items.map(({ day: at }) => (at - start) / day)).toEqual([0, 1, 2])
    const drifts = items.map(({ drift }) => drift as { distance: number; p: number })
    expect(drifts[0]!.p).toBeGreaterThan(0.01)
    expect(drifts[1]!.p).toBeGreaterThan(0.01)
    expect(drifts[2]!.p).toBeLessThan(0.01)
    const of = (i: number) => items[i]!.values[features.indexOf('distance')]!
    expect(of(2).low).toBeGreaterThan(of(0).high)
  })

  test('segments have an importance of their own', async () => {
    const all = schemas.globalImportance.parse(await get('/endpoints/delay/explanations/importance'))
    expect(all.segments.toSorted()).toEqual(origins.map((origin) => `origin=${origin}`).toSorted())
    const one = schemas.globalImportance.parse(
      await get('/endpoints/delay/explanations/importance?segment=origin%3DORD'),
    )
    expect(one.samples).toBeLessThan(all.samples)
    const origin = ({ features }: typeof all) => features.find(({ feature }) => feature === 'origin')!.value
    // the airport that the model knows to be late
    expect(origin(one)).toBeGreaterThan(origin(all))
  })

  test('a sample has features and attributions of the same rows; dependence is a part of it', async () => {
    const found = schemas.sampledExplanations.parse(await get('/endpoints/delay/explanations/sample?rows=100'))
    expect(found.rows).toHaveLength(100)
    expect(found.withoutFeatures).toBe(0)
    for (const { attributions, output, score } of found.rows) {
      expect(attributions.reduce((sum, x) => sum + x, found.base!)).toBeCloseTo(output, 9)
      expect(1 / (1 + Math.exp(-output))).toBeCloseTo(score, 5)
    }
    const dependence = schemas.dependence.parse(
      await get('/endpoints/delay/explanations/dependence?rows=100&feature=hour&colour=origin'),
    )
    const at = found.features.indexOf('hour')
    expect(dependence.points.map(({ value, attribution }) => [value, attribution])).toEqual(
      found.rows.map(({ values, attributions }) => [values[at], attributions[at]]),
    )
  })

  test('one prediction is explained as the door would have', async () => {
    const { id, score } = first[7]!
    const local = schemas.localExplanation.parse(await get(`/endpoints/delay/explanations/predictions/${id}`))
    expect(local).toMatchObject({ id, revision: 1, recorded: score, method: 'linear' })
    expect(local.score).toBeCloseTo(score, 6)
    const row = { distance: 0, hour: 0, origin: '' }
    for (const { feature, value } of local.attributions) Object.assign(row, { [feature]: value })
    const answer = await post(`${predictions}/endpoints/delay/predict`, {
      instances: [{ id: 'again', time: start, features: row }],
      explain: true,
    })
    const [{ explanation }] = (answer.body as { predictions: [{ explanation: typeof local }] }).predictions
    expect(explanation.attributions.map(({ attribution }) => attribution)).toEqual(
      local.attributions.map(({ attribution }) => attribution),
    )
    await expect(get('/endpoints/delay/explanations/predictions/nobody')).rejects.toThrow(/404/)
  })

  test('explained days are left alone until they have many more rows', async () => {
    const refresh = async () => (await post(`${base()}/endpoints/delay/explanations/refresh`, {})).body
    expect(await refresh()).toEqual({ days: 0 })
    await predict(1, 200, 1, 2)
    await explained(1102)
    const { items } = schemas.explanationHistory.parse(await get('/endpoints/delay/explanations/history'))
    expect(items.map(({ rows }) => rows)).toEqual([300, 500, 300])
    expect(await refresh()).toEqual({ days: 0 })
  }, 60_000)

  test('rows that were taken are explained no more, their importance stays', async () => {
    await kedge.environment.events.command(`DELETE FROM predictions WHERE id LIKE 'd0-%'`, {}, { repeatable: true })
    const sample = schemas.sampledExplanations.parse(await get('/endpoints/delay/explanations/sample?rows=600'))
    expect(sample.withoutFeatures).toBe(200)
    expect(sample.rows.some(({ id }) => id.startsWith('d0-'))).toBe(false)
    const { items } = schemas.explanationHistory.parse(await get('/endpoints/delay/explanations/history'))
    expect(items).toHaveLength(3)
  })
})

test('an erased prediction is in no explanation, and its day is explained anew', async () => {
  const day1 = `explanations/sample?rows=2000&from=${start + day}&to=${start + 2 * day}`
  const before = schemas.sampledExplanations.parse(await get(`/endpoints/delay/${day1}`))
  const { id } = before.rows[0]!
  expect(await post(`${base()}/endpoints/delay/erasures`, { ids: [id], reason: 'asked for' })).toMatchObject({
    body: { predictions: 1 },
  })
  await eventually(async () => {
    const { items } = await get<{ items: { state: string }[] }>('/endpoints/delay/erasures')
    return items[0]!.state === 'done'
  }, 'the erasure')
  const [left] = await kedge.environment.events.query<{ n: number }>(
    'SELECT count() AS n FROM attributions WHERE id = {id:String}',
    { id },
  )
  expect(left!.n).toBe(0)
  await eventually(async () => {
    await post(`${base()}/endpoints/delay/explanations/refresh`, {})
    const { rows } = schemas.sampledExplanations.parse(await get(`/endpoints/delay/${day1}`))
    return rows.length === before.rows.length && rows.every((row) => row.id !== id)
  }, 'another explanation of the day')
}, 60_000)

test('nothing that a caller asks for is a fault of the server', async () => {
  const at = '/endpoints/delay/explanations'
  const strange = ['', "'", '\\', '__proto__', 'a=b', '\0', '😀', '$score', 'x'.repeat(3000), '{a:String}']
  const asked = strange.flatMap((text) => {
    const one = encodeURIComponent(text)
    return [
      `${at}/importance?segment=${one}`,
      `${at}/history?segment=${one}`,
      `${at}/dependence?feature=${one}&colour=${one}`,
      `${at}/predictions/${one}`,
      `${at}/predictions/d1-1-3?method=${one}`,
      `/endpoints/${one}/explanations/importance`,
      `/endpoints/${one}/explanations/sample`,
      `/models/${one}/versions/1/profile`,
    ]
  })
  asked.push(
    `${at}/importance?from=${start}&to=0`,
    `${at}/importance?revision=-1`,
    `${at}/history?revision=2147483647`,
    `${at}/history?revision=1e300`,
    `${at}/sample?rows=0`,
    `${at}/sample?rows=99999999`,
    '/models/delay/versions/2147483647/profile',
    '/models/delay/versions/1e300/profile',
  )
  for (const path of asked) expect((await fetch(`${base()}${path}`)).status, path).toBeLessThan(500)
})

test('a version is asked what it does without a feature, and along its values, on rows it did not learn from', async () => {
  const found = schemas.modelProfile.parse(await get('/models/delay/versions/1/profile'))
  expect(found).toMatchObject({ task: 'binary', rows: 300, why: null, permutation: { metric: 'log loss', repeats: 5 } })
  const worth = new Map(found.permutation!.features.map(({ feature, value }) => [feature, value]))
  expect(worth.get('hour')).toBeGreaterThan(worth.get('distance')!)
  const hour = found.dependence.find(({ feature }) => feature === 'hour')!
  expect(hour.mean.at(-1)).toBeGreaterThan(hour.mean[0]!)
  const origin = found.dependence.find(({ feature }) => feature === 'origin')!
  expect(origin.grid.toSorted()).toEqual(origins.toSorted())
  const best = origin.grid[origin.mean.indexOf(Math.max(...origin.mean))]
  expect(best).toBe('ORD')
  // kept
  expect(await get('/models/delay/versions/1/profile')).toEqual(found)
})
