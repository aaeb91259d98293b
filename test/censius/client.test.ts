import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Body, day, openServer } from '../joins/stand.ts'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'

// the SDK itself, from PyPI: every call of it that there is
const adminToken = 'censius-test-admin-token'
const start = Date.parse('2024-03-05T00:00:00Z')
let server: Awaited<ReturnType<typeof openServer>>
let answers: Body
let key: string

const api = async (path: string): Promise<Body> => {
  const answer = await fetch(`${server.address}/api/v1/projects/7${path}`, {
    headers: { authorization: `Bearer ${adminToken}` },
  })
  return answer.json()
}
const rows = (endpoint: string, filter: string) =>
  api(`/endpoints/${endpoint}/predictions?limit=1000${filter}`).then((body) => body.items)

beforeAll(async () => {
  const python = await pythonEnvironment(join(import.meta.dirname, 'requirements.lock'))
  server = await openServer({ auth: 'token', adminToken })
  const made = await fetch(`${server.address}/api/v1/tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'sdk', role: 'editor', project: '7' }),
  })
  key = ((await made.json()) as { token: string }).token
  // the SDK imports a package that wants word lists, which it would download
  const words = join(server.directory, 'nltk', 'corpora')
  for (const list of ['stopwords/english', 'words/en']) {
    mkdirSync(join(words, list.split('/')[0]!), { recursive: true })
    writeFileSync(join(words, list), 'the\n')
  }
  const out = await runPython(python, readFileSync(join(import.meta.dirname, 'client.py'), 'utf8'), {
    KEDGE_GATEWAY: `${server.address}/`,
    KEDGE_KEY: key,
    KEDGE_START: String(start),
    KEDGE_FILE: join(server.directory, 'texts.csv'),
    NLTK_DATA: join(server.directory, 'nltk'),
  })
  answers = JSON.parse(out.split('ANSWERS')[1]!)
}, 300_000)
afterAll(() => server?.close())

test('datasets are registered, and what models are compared with', async () => {
  expect(answers.dataset).toMatchObject({ message: 'The dataset titanic is registered', datasetId: expect.any(Number) })
  expect(answers.model).toBe('The model survival is registered')
  expect(answers.version).toBe('Version v2 of survival is registered')
  expect(answers.iteration).toBe('Iteration first of survival version v1 is on record')
  const logged = await api('/endpoints/survival/logged')
  expect(logged).toMatchObject({
    spec: { task: 'binary' },
    versions: [{ version: 'v1' }, { version: 'v2' }],
    references: [
      { version: 'v1', rows: 600 },
      { version: 'v2', rows: 600 },
    ],
  })
  expect(answers.process).toBe(`The model survival is compared with dataset ${answers.dataset.datasetId}`)
  expect((await api('/endpoints/survival/monitors')).settings.window).toBe('2d')
})

test('predictions, actuals and explanations, one by one', async () => {
  expect(answers.log).toBe('The prediction is on record')
  expect(answers.logs).toBe('5 predictions are on record')
  expect(answers.actual).toBe('The actual of many0 is on record')
  expect(await rows('survival', '&id=one')).toMatchObject([
    {
      id: 'one',
      time: start,
      revision: 1,
      features: { Age: 31, Fare: 12.5, 'raw.port': 'Dover' },
      label: '0',
      actual: 1,
    },
  ])
  // the confidence was that of the label 0
  expect((await rows('survival', '&id=one'))[0].score).toBeCloseTo(0.2, 12)
  expect(await rows('survival', '&id=many0')).toMatchObject([{ actual: 1 }])
  expect(await rows('survival', '&id=many4')).toMatchObject([{ actual: null, time: start + 4000 }])
  expect(answers.explanation).toBe('The explanation of one is on record')
  expect(await api('/endpoints/survival/logged-explanations/one')).toEqual({
    items: [{ id: 'one', kind: 'shap', values: { Age: 0.25, Fare: -0.5 } }],
  })
  // what is wrong is told, and nothing of it is on record
  expect(answers.wrong).toMatch(/features\.Age must be a number/)
  expect(answers.unknown).toMatch(/Model nobody does not exist/)
  expect(answers.stranger).toMatch(/No valid token/)
})

test('a data frame at once: its predictions, actuals and explanations', async () => {
  expect(answers.bulk).toMatch(/explanations are on record/)
  const all = await api(`/endpoints/survival/performance?from=${start}&to=${start + day}&days=1`)
  await server.settled()
  const { items } = await api(`/endpoints/survival/performance?from=${start}&to=${start + day}&days=1`)
  expect(all.task).toBe('binary')
  expect(items.find((item: Body) => item.revision === 2)).toMatchObject({ predictions: 5000, actuals: 5000 })
  expect(await rows('survival', '&id=bulk4999')).toMatchObject([
    { revision: 2, time: start + 4_999_000, features: { Age: expect.any(Number), Fare: expect.any(Number) } },
  ])
  const { items: explained } = await api('/endpoints/survival/logged-explanations/bulk4999')
  expect(explained).toEqual([
    { id: 'bulk4999', kind: 'shap', values: { Age: expect.any(Number), Fare: expect.any(Number) } },
  ])
})

test('language models: texts in chunks, a model, what it was asked and answered', async () => {
  expect(answers.nlpDataset).toMatchObject({ status: 'success', dataset_id: expect.any(Number) })
  const dataset = await server.kedge.environment.store.read
    .selectFrom('censius_datasets')
    .selectAll()
    .where('id', '=', answers.nlpDataset.dataset_id)
    .executeTakeFirstOrThrow()
  const path = await server.kedge.environment.blobs.localPath(dataset.digest)
  expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(2500)
  expect(answers.nlpModel).toMatchObject({ status: 'success', details: { modelId: expect.any(Number) } })
  expect(answers.nlpLog).toMatchObject({ status: 'success' })
  expect(await rows('mood', '')).toMatchObject([
    {
      id: 'l1',
      score: 0.7,
      label: 'bad',
      actualLabel: 'good',
      features: { input: 'what a day', input_length: 10, context: 'a review', context_length: 8 },
    },
  ])
})

test('the gateway’s address may name the project', async () => {
  const answer = await fetch(`${server.address}/censius/7/api/sdkapi/99/res/postlogv2/frd/api/v2/logs`, {
    method: 'POST',
    headers: { authorization: `Token ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      predictionID: 'x',
      modelVersion: 'v1',
      modelID: 'elsewhere',
      features: { a: 1 },
      prediction: { t: { label: 1, confidence: 0.9 } },
      timestamp: start,
    }),
  })
  expect(answer.status).toBe(200)
  expect(await rows('elsewhere', '')).toMatchObject([{ id: 'x', score: 0.9 }])
})
