import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Body, type JoinServer, openServer } from './stand.ts'

let server: JoinServer
beforeAll(async () => {
  server = await openServer()
})
afterAll(() => server.close())

const mlflow = async (method: string, path: string, body: object): Promise<Body> => {
  const answer = await fetch(`${server.address}/mlflow/p/api/3.0/mlflow/traces${path}`, {
    method,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  })
  expect(answer.status).toBe(200)
  return answer.json()
}
const start = (id: string, tags: Record<string, string>) =>
  mlflow('POST', '', {
    trace: {
      trace_info: {
        trace_id: id,
        trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: '0' } },
        request_time: '2024-03-05T00:00:00Z',
        state: 'OK',
        tags,
      },
    },
  })
const assess = (id: string, name: string, value: unknown) =>
  mlflow('POST', `/${id}/assessments`, {
    assessment: { assessment_name: name, source: { source_type: 'HUMAN', source_id: 'me' }, expectation: { value } },
  })
const actuals = async () => {
  const { items } = await server.get('/endpoints/e/predictions')
  return Object.fromEntries(items.map((row: Body) => [row.id, row.actual ?? row.actualLabel]))
}

test('an assessment called actual is the actual of the prediction that its trace names', async () => {
  const prediction = { time: Date.parse('2024-03-05T00:00:00Z'), features: { x: 1 }, score: 0.5 }
  await server.post('/endpoints/e/predictions', [
    { id: 'a1', ...prediction },
    { id: 'tr-2', ...prediction },
    { id: 'tr-3', ...prediction },
  ])
  await start('tr-1', { 'kedge.endpoint': 'e', 'kedge.prediction_id': 'a1' })
  await start('tr-2', { 'kedge.endpoint': 'e' })
  await start('tr-3', {})
  const { assessment } = await assess('tr-1', 'actual', 1)
  await assess('tr-2', 'actual', 'late')
  await assess('tr-2', 'helpful', 'no')
  await assess('tr-3', 'actual', 1)
  expect(await actuals()).toEqual({ a1: 1, 'tr-2': 'late', 'tr-3': null })
  // corrected
  await mlflow('PATCH', `/tr-1/assessments/${assessment.assessment_id}`, {
    assessment: { expectation: { value: 0 } },
    update_mask: 'expectation',
  })
  expect(await actuals()).toMatchObject({ a1: 0 })
})
