import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ServedModels, serveModels } from './served-models.ts'
import { expectedOf, post } from './stand.ts'

const delay = expectedOf('delay-1')
let served: ServedModels
let at: string

beforeAll(async () => {
  served = await serveModels({ delay: 'delay-1' })
  at = served.inference.addresses!.http
})
afterAll(() => served?.stop())

describe("MLflow's scoring protocol", () => {
  const [first, second] = delay.instances as [Record<string, number | string>, Record<string, number | string>]
  const columns = ['origin', 'distance', 'hour']
  const cells = (row: Record<string, number | string>) => columns.map((column) => row[column])
  const forms = {
    dataframe_split: { columns, data: [cells(first), cells(second)] },
    dataframe_records: [first, second],
    instances: [first, second],
    inputs: {
      origin: [first.origin, second.origin],
      distance: [first.distance, second.distance],
      hour: [[first.hour], [second.hour]],
    },
  }

  test.each(Object.entries(forms))('takes %s', async (form, value) => {
    const { status, body } = await post(`${at}/endpoints/delay/invocations`, { [form]: value })
    expect(status).toBe(200)
    const { predictions } = body as { predictions: number[] }
    expect(predictions).toHaveLength(2)
    predictions.forEach((score, i) => {
      expect(score).toBeCloseTo(delay.scores[i]!, 5)
    })
  })

  test('takes CSV', async () => {
    const csv = `${columns.join(',')}\n"${first.origin}",${first.distance},${first.hour}\r\n${cells(second).join(',')}\n`
    const { status, body } = await post(`${at}/endpoints/delay/invocations`, csv, {
      'content-type': 'text/csv; charset=utf-8',
    })
    expect(status).toBe(200)
    expect((body as { predictions: number[] }).predictions[1]).toBeCloseTo(delay.scores[1]!, 5)
  })

  test("says what is wrong in MLflow's form", async () => {
    const both = await post(`${at}/endpoints/delay/invocations`, { instances: [first], inputs: [first] })
    expect(both).toMatchObject({ status: 400, body: { error_code: 'BAD_REQUEST' } })
    const missing = await post(`${at}/endpoints/delay/invocations`, { instances: [{ distance: 1, hour: 2 }] })
    expect(missing).toMatchObject({ status: 400 })
    expect((missing.body as { message: string }).message).toContain('origin is missing')
    expect((await fetch(`${at}/endpoints/delay/ping`)).status).toBe(200)
  })

  const send = async (body: string, type: string) => {
    const answer = await fetch(`${at}/endpoints/delay/invocations`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    })
    return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() }
  }

  test("takes the bare frames of MLflow before 2.0, by the content type's format", async () => {
    const split = await send(JSON.stringify(forms.dataframe_split), 'application/json; format=pandas-split')
    const records = await send(
      JSON.stringify(forms.instances),
      'application/json;format="pandas-records"; charset=UTF-8',
    )
    for (const { status, text } of [split, records]) {
      expect(status).toBe(200)
      expect(JSON.parse(text).predictions[0]).toBeCloseTo(delay.scores[0]!, 5)
    }
  })

  test('takes params beside the frame, NaN as Python writes it, and a missing value in each way', async () => {
    const { origin } = first
    const missing = await send(
      JSON.stringify({ dataframe_records: [{ origin, distance: null, hour: 3 }], params: { temperature: 1 } }),
      'application/json',
    )
    const nan = await send(
      `{"dataframe_records": [{"origin": "${origin}", "distance": NaN, "hour": 3}]}`,
      'application/json',
    )
    const csv = await send(`origin,distance,hour\n${origin},,3\n${origin},NaN,3\n${origin},None,3\n`, 'text/csv')
    expect([missing.status, nan.status, csv.status]).toEqual([200, 200, 200])
    const [expected] = JSON.parse(missing.text).predictions
    expect(JSON.parse(nan.text).predictions).toEqual([expected])
    expect(JSON.parse(csv.text).predictions).toEqual([expected, expected, expected])
  })

  test('keeps categories of CSV as they are written, dates and numbers with leading zeros too', async () => {
    const csv = await send('origin,distance,hour\n007,1,2\n2024-01-01T00:00:00,1,2\n', 'text/csv')
    expect(csv.status).toBe(200)
    await served.recordedOf((row) => row.features.origin === '007')
    await served.recordedOf((row) => row.features.origin === '2024-01-01T00:00:00')
  })

  test.each([
    ['text/plain', 415],
    ['', 415],
    ['application/json; charset=latin-1', 415],
    ['application/json; format=arrow', 415],
    ['text/csv; header=absent', 415],
  ])("refuses the content type '%s' in plain text, as MLflow does", async (type, status) => {
    const answer = await send('{}', type)
    expect(answer).toMatchObject({ status, type: 'text/plain' })
    expect(answer.text).toContain('application/json or text/csv')
  })

  test.each([
    ['nothing', '{}'],
    ['two forms', JSON.stringify({ instances: [], inputs: [] })],
    ['a key that is none', JSON.stringify({ instances: [first], signature: 'x' })],
    ['params that are no object', JSON.stringify({ instances: [first], params: 3 })],
    ['infinite numbers', '{"dataframe_records": [{"origin": "a", "distance": Infinity, "hour": 1}]}'],
    ['a date in place of a number', JSON.stringify({ instances: [{ ...first, hour: '2024-01-01' }] })],
    ['columns of unlike length', JSON.stringify({ inputs: { origin: ['a'], distance: [1, 2], hour: [1] } })],
    ['rows of another width', JSON.stringify({ dataframe_split: { columns, data: [[1]] } })],
    ['what is no JSON', '{"dataframe_split": NaN'],
  ])("refuses %s with 400 in MLflow's form", async (_what, body) => {
    const answer = await send(body, 'application/json')
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.text)).toEqual({ error_code: 'BAD_REQUEST', message: expect.any(String) })
  })

  test('answers /ping, /health and /version', async () => {
    for (const path of ['ping', 'health', 'version'])
      expect((await fetch(`${at}/endpoints/delay/${path}`)).status).toBe(200)
    expect((await fetch(`${at}/endpoints/none/ping`)).status).toBe(404)
  })
})
