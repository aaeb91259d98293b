import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Body, type JoinServer, openServer } from '../joins/stand.ts'

const timestamp = Date.parse('2024-03-05T00:00:00Z')
let server: JoinServer
beforeAll(async () => {
  server = await openServer()
})
afterAll(() => server.close())

const send = async (path: string, body: object): Promise<{ status: number; body: Body }> => {
  const answer = await fetch(`${server.address}/censius/p/api/sdkapi/1/res/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: answer.status, body: await answer.json() }
}
const rows = (endpoint: string) => server.get(`/endpoints/${endpoint}/predictions`).then((body) => body.items)
const register = (userDefinedModelID: string, type: string, targets: string[]) =>
  send('registermodelv2/frd/models/v2', {
    userDefinedModelID,
    version: '1',
    name: 'm',
    projectId: 1,
    type,
    targets,
    features: ['a'],
  })
const log = (modelID: string, prediction: object, actual?: object) =>
  send('postlogv2/frd/api/v2/logs', {
    ...{ predictionID: 'x', modelVersion: '1', modelID, features: { a: 1 }, timestamp, prediction },
    ...(actual ? { actual } : {}),
  })

test('a model of several targets has an endpoint for each', async () => {
  expect((await register('both', 'Binary Classification', ['sick', 'late'])).status).toBe(200)
  const prediction = { sick: { label: 1, confidence: 0.9 }, late: { label: 0, confidence: 0.3 } }
  expect((await log('both', prediction, { sick: 1, late: 0 })).status).toBe(200)
  expect(await rows('both.sick')).toMatchObject([{ id: 'x', score: 0.9, label: '1', actual: 1 }])
  // 0.3 can only be the confidence of the positive class
  expect(await rows('both.late')).toMatchObject([{ id: 'x', score: 0.3, label: '0', actual: 0 }])
})

test('a regression predicts its label; any id of a model has an endpoint', async () => {
  expect((await register('Price (€) / m²', 'Regression', ['price'])).status).toBe(200)
  expect((await log('Price (€) / m²', { price: { label: 120.5, confidence: 1 } }, { price: 100 })).status).toBe(200)
  expect(await rows('Price-m-')).toMatchObject([{ score: 120.5, label: '', actual: 100 }])
})

test('what is wrong is told in the field that the SDK gives to its caller', async () => {
  const calls: [string, object][] = [
    ['postlogv2/frd/api/v2/logs', {}],
    ['bulklog/frd/v1/logs/bulk_logs', { modelID: 'nobody', modelVersion: '1', bulk_logs: [{ log_id: 'a' }] }],
    ['registermodelv2/frd/models/v2', { userDefinedModelID: 'm' }],
    ['registerdataset/frd/api/v1/validate_insert_dataset', { name: 'd' }],
    ['nlp-input-logs/frd/v1/llm/register_logs', { model_id: 1 }],
  ]
  for (const [path, body] of calls) {
    const answer = await send(path, body)
    expect([path, Math.floor(answer.status / 100)]).toEqual([path, 4])
    expect(answer.body.error).toEqual(expect.any(String))
    expect(answer.body.message).toBeUndefined()
  }
})
