import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exportLogsRequest, exportLogsResponse } from '../../src/protocols/mlflow/otlp/otlp-proto.ts'
import { type Body, openServer } from '../joins/stand.ts'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'

const start = Date.parse('2026-02-03T00:00:00Z')
let server: Awaited<ReturnType<typeof openServer>>
beforeAll(async () => {
  server = await openServer()
})
afterAll(() => server?.close())

const predictions = async (endpoint: string): Promise<Body[]> =>
  (await server.get(`/endpoints/${endpoint}/predictions?limit=1000`)).items

async function send(body: object, path = '/otlp/p/v1/logs') {
  const answer = await fetch(`${server.address}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: answer.status, body: (await answer.json()) as Body }
}

const value = (given: unknown): object =>
  typeof given === 'string'
    ? { stringValue: given }
    : typeof given === 'boolean'
      ? { boolValue: given }
      : { doubleValue: given }
const record = (eventName: string, attributes: Record<string, unknown>, time = start) => ({
  eventName,
  timeUnixNano: `${time}000000`,
  attributes: Object.entries(attributes).map(([key, given]) => ({ key, value: value(given) })),
})
const request = (...logRecords: object[]) => ({
  resourceLogs: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      scopeLogs: [{ logRecords }],
    },
  ],
})

test('OpenTelemetry’s own exporter logs predictions and actuals', async () => {
  const python = await pythonEnvironment(join(import.meta.dirname, 'requirements.lock'))
  const out = await runPython(python, readFileSync(join(import.meta.dirname, 'exporter.py'), 'utf8'), {
    KEDGE_LOGS: `${server.address}/otlp/p/v1/logs`,
    KEDGE_START: String(start),
  })
  expect(out).toContain('SENT')
  const found = await predictions('fraud')
  expect(found).toHaveLength(50)
  expect(found.find(({ id }) => id === 'o3')).toMatchObject({
    time: start + 3000,
    score: 0.06,
    latencyMs: 1.5,
    features: { amount: 30, country: 'CH' },
    actual: 0,
  })
  expect(await predictions('other')).toMatchObject([{ id: 'b', score: 0.25, features: { amount: 7, vip: 'true' } }])
}, 300_000)

test('bad records are refused with reasons, the others are taken, and sending again changes nothing', async () => {
  const body = request(
    record('kedge.prediction', { 'kedge.score': 0.5, 'kedge.features.x': 1 }),
    record('kedge.prediction', { 'kedge.score': 'high', 'kedge.features.x': 2 }),
    record('kedge.prediction', { 'kedge.id': 'late', 'kedge.score': 0.1 }, Date.parse('2101-01-01')),
    record('kedge.actual', { 'kedge.value': true }),
    record('', { message: 'hello' }),
    { ...record('kedge.prediction', {}), attributes: [{ key: 'kedge.id', value: { intValue: 'none' } }] },
  )
  for (let time = 0; time < 2; time++) {
    const answer = await send(body)
    expect(answer.status).toBe(200)
    expect(answer.body.partialSuccess.rejectedLogRecords).toBe(5)
    const message = answer.body.partialSuccess.errorMessage as string
    for (const part of [
      'record 1: score must be a number',
      'record 2: time is not between',
      'record 3: has no kedge.id',
      'record 4: is no event of Kedge',
      'record 5: Invalid OpenTelemetry format: intValue',
    ])
      expect(message).toContain(part)
  }
  expect(await predictions('shop')).toMatchObject([{ score: 0.5, features: { x: 1 } }])
})

test('protobuf is answered in protobuf; what is no request is refused', async () => {
  const message = exportLogsRequest.fromObject(
    request(record('kedge.prediction', { 'kedge.endpoint': 'binary', 'kedge.id': 'p', 'kedge.score': 0.5 }), {}),
  )
  const answer = await fetch(`${server.address}/otlp/p/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: new Uint8Array(exportLogsRequest.encode(message).finish()),
  })
  expect(answer.headers.get('content-type')).toBe('application/x-protobuf')
  const decoded = exportLogsResponse.decode(new Uint8Array(await answer.arrayBuffer())) as unknown as Body
  expect(Number(decoded.partialSuccess.rejectedLogRecords)).toBe(1)
  expect(await predictions('binary')).toHaveLength(1)
  expect((await send([])).status).toBe(400)
  expect((await send({ resourceLogs: 3 })).status).toBe(400)
  expect((await send({}, '/v1/logs')).status).toBe(200)
  const text = await fetch(`${server.address}/v1/logs`, { method: 'POST', body: 'hello' })
  expect(text.status).toBe(400)
})
