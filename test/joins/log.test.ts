import { afterAll, beforeAll, expect, test } from 'vitest'
import { day, hour, type JoinServer, openServer } from './stand.ts'

const start = Date.parse('2001-03-05T00:00:00Z')
let server: JoinServer
beforeAll(async () => {
  server = await openServer()
})
afterAll(() => server.close())

const rows = (endpoint: string) =>
  server.get(`/endpoints/${endpoint}/predictions?limit=1000`).then((body) => body.items)

test('an endpoint is made at the first log, and the same ids again change nothing', async () => {
  const items = [
    {
      id: 'a',
      time: start,
      features: { x: 1, city: 'SFO', late: true, none: null },
      score: 0.7,
      version: 'v1',
      actual: 1,
    },
    { id: 'b', time: '2001-03-05T01:00:00', features: { x: 2.5 }, score: 0.2, label: 'on time', version: 'v2' },
  ]
  for (let time = 0; time < 2; time++) {
    const { status, body } = await server.post('/endpoints/scores/predictions', items)
    expect([status, body]).toEqual([200, { accepted: 2, actuals: 1, unknown: 0, ids: [] }])
  }
  expect(await rows('scores')).toMatchObject([
    { id: 'b', revision: 2, time: start + hour, features: { x: 2.5 }, score: 0.2, label: 'on time', actual: null },
    { id: 'a', revision: 1, time: start, features: { x: 1, city: 'SFO', late: 'true' }, score: 0.7, actual: 1 },
  ])
  const logged = await server.get('/endpoints/scores/logged')
  expect(logged.versions).toMatchObject([
    { version: 'v1', revision: 1 },
    { version: 'v2', revision: 2 },
  ])
  const { items: endpoints } = await server.get('/endpoints')
  expect(endpoints).toMatchObject([{ name: 'scores', state: 'external' }])
  expect(await server.get('/endpoints/scores')).toMatchObject({ name: 'scores', state: 'external' })
})

test('predictions without an id get one, the same for the same idempotency key', async () => {
  const send = (key: Record<string, string>) =>
    server.post('/endpoints/nameless/predictions', [{ features: { x: 1 }, score: 1, time: start }], key)
  const first = (await send({ 'idempotency-key': 'k' })).body.ids
  expect(first).toEqual([{ index: 0, id: expect.any(String) }])
  expect((await send({ 'idempotency-key': 'k' })).body.ids).toEqual(first)
  expect((await send({})).body.ids).not.toEqual(first)
  expect(await rows('nameless')).toHaveLength(2)
})

test('a prediction without a time that comes again in another hour is the same one', async () => {
  let now = Date.parse('2024-05-01T10:59:59Z')
  const other = await openServer({}, () => now)
  const send = () => other.post('/endpoints/e/predictions', { items: [{ id: 'a', features: {}, score: 1 }] })
  expect((await send()).status).toBe(200)
  const first = now
  now += 2000
  expect((await send()).status).toBe(200)
  expect((await other.get('/endpoints/e/predictions')).items).toMatchObject([{ id: 'a', time: first }])
  await other.close()
})

test('what is wrong is named with its row and field, and nothing of the list is taken', async () => {
  const good = { id: 'good', features: { x: 1 }, score: 0.5, time: start }
  const wrong: [object, string][] = [
    [{ ...good, features: { x: ['a'] } }, 'items.1.features.x'],
    [{ ...good, features: { x: { a: 1 } } }, 'items.1.features.x'],
    [{ ...good, features: { $x: 1 } }, 'items.1.features.$x'],
    [{ ...good, features: 'x' }, 'items.1.features'],
    [{ ...good, time: 'yesterday' }, 'items.1.time'],
    [{ ...good, time: 1_700_000_000 }, 'items.1.time'],
    [{ ...good, time: Date.now() + 2 * day }, 'items.1.time'],
    [{ ...good, time: -1 }, 'items.1.time'],
    [{ ...good, id: '' }, 'items.1.id'],
    [{ ...good, id: 'x'.repeat(257) }, 'items.1.id'],
    [{ ...good, score: '0.5' }, 'items.1.score'],
    [{ ...good, actual: { a: 1 } }, 'items.1.actual'],
    [{ ...good, scor: 0.5 }, 'items.1.scor'],
    [[], 'items.1'],
  ]
  for (const [item, where] of wrong) {
    const { status, body } = await server.post('/endpoints/refused/predictions', [good, item])
    expect([status, body.error.places[0].where], JSON.stringify(item)).toEqual([400, where])
    expect(body.error.message).toContain(where)
  }
  expect((await server.post('/endpoints/refused/predictions', [])).status).toBe(400)
  expect(
    (await server.post('/endpoints/refused/predictions', 'x', { 'content-type': 'application/json' })).status,
  ).toBe(400)
  const many = Array.from({ length: 50_001 }, () => ({}))
  expect((await server.post('/endpoints/refused/predictions', many)).status).toBe(413)
  expect(await rows('refused')).toEqual([])
})

test('a declared endpoint takes its features and nothing else, and says which actual counts as 1', async () => {
  const spec = { external: true, task: 'binary', features: { x: 'number', city: 'category' }, positive: 'churned' }
  expect((await server.send('PUT', '/endpoints/churn', spec)).status).toBe(200)
  const log = (features: object, actual?: unknown) =>
    server.post('/endpoints/churn/predictions', [{ id: 'a', time: start, features, score: 0.9, actual }])
  expect((await log({ x: 'one' })).body.error.places).toEqual([
    { where: 'items.0.features.x', what: 'is declared as a number, and this is a string' },
  ])
  expect((await log({ y: 1 })).body.error.places[0].where).toBe('items.0.features.y')
  expect((await log({ x: 1, city: 'Rome' }, 'churned')).status).toBe(200)
  expect(await rows('churn')).toMatchObject([{ actual: 1 }])
  expect((await server.post('/endpoints/churn/actuals', [{ id: 'a', value: 'stayed' }])).body).toEqual({
    accepted: 1,
    unknown: 0,
    changed: 1,
  })
  expect(await rows('churn')).toMatchObject([{ actual: 0 }])
  // an endpoint is one or the other
  expect((await server.send('PUT', '/endpoints/churn', { model: 'm' })).status).toBe(409)
  expect((await server.send('PUT', '/endpoints/served', { model: 'm' })).status).toBe(200)
  expect((await server.send('PUT', '/endpoints/served', spec)).status).toBe(409)
  expect((await server.send('DELETE', '/endpoints/churn')).status).toBe(204)
  expect((await server.send('GET', '/endpoints/churn')).status).toBe(404)
})

test('logged predictions are watched like any other: scores, and an alert of drift against a reference', async () => {
  const random = (i: number) => ((i * 2_654_435_761) % 2 ** 32) / 2 ** 32
  const predictions = (from: number, days: number, shift: number) =>
    Array.from({ length: days * 200 }, (_, i) => {
      const x = random(i) + shift
      return { id: `${from}-${i}`, time: from + i * (day / 200), features: { x }, score: random(i * 7), version: '1' }
    })
  const columns = predictions(start - 28 * day, 28, 0).map(({ id, time, features, score }) => ({
    id,
    time,
    ...features,
    score,
  }))
  const file = columns.map((row) => JSON.stringify(row)).join('\n')
  const { digest } = (await server.post('/log-files', file, { 'content-type': 'application/octet-stream' })).body
  const job = { kind: 'reference', digest, format: 'jsonl' }
  const { jobId } = (await server.post('/endpoints/drifting/log', job)).body
  expect(await server.kedge.environment.jobs.wait(jobId)).toMatchObject({ result: { rows: 5600 } })
  const { references } = await server.get('/endpoints/drifting/logged')
  expect(references).toMatchObject([{ version: '', rows: 5600, origin: { file: digest } }])

  await server.post('/endpoints/drifting/predictions', predictions(start, 8, 0))
  await server.settled()
  expect((await server.get('/alerts?endpoint=drifting&state=open')).items).toEqual([])
  await server.post('/endpoints/drifting/predictions', predictions(start + 8 * day, 8, 0.5))
  await server.settled()
  const { items } = await server.get('/alerts?endpoint=drifting&state=open')
  expect(items.map((alert: { family: string }) => alert.family)).toContain('drift')
})
