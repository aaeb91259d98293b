import { Metadata, status } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTokens } from '../../src/governance/tokens.ts'
import { grpcClient, unary } from './grpc-client.ts'
import { type ServedModels, serveModels } from './served-models.ts'
import { eventually, expectedOf, post } from './stand.ts'

const [row] = expectedOf('delay-1').instances as [Record<string, number | string>]
const [strangeRow] = [{ ...row, origin: 'NOWHERE', distance: 1e9 }]
const inputs = (features: Record<string, number | string>) => [
  { name: 'distance', datatype: 'FP32', shape: [1, 1], data: [features.distance] },
  { name: 'hour', datatype: 'FP32', shape: [1, 1], data: [features.hour] },
  { name: 'origin', datatype: 'BYTES', shape: [1, 1], data: [features.origin] },
]
const grpcInputs = (features: Record<string, number | string>) =>
  inputs(features).map(({ data, ...tensor }) => ({
    ...tensor,
    contents:
      tensor.datatype === 'BYTES' ? { bytes_contents: [Buffer.from(String(data[0]))] } : { fp32_contents: data },
  }))

describe('a policy for inputs', () => {
  let served: ServedModels
  let at: string
  let client: ReturnType<typeof grpcClient>
  const profile = {
    distance: { minimum: 0, maximum: 5000 },
    origin: { categories: [...new Set(expectedOf('delay-1').instances.map((one) => String(one.origin)))] },
  }

  beforeAll(async () => {
    served = await serveModels(
      { passing: 'delay-1', flagging: 'delay-1', rejecting: 'delay-1' },
      {
        specs: {
          flagging: { inputs: { unknownCategories: 'flag', ranges: 'flag' } },
          rejecting: { inputs: { unknownCategories: 'reject', ranges: 'flag' } },
        },
        control: { inputProfile: async () => profile },
      },
    )
    at = served.inference.addresses!.http
    client = grpcClient(served.inference.addresses!.grpc, 'inference.GRPCInferenceService')
    await eventually(
      async () =>
        (await post(`${at}/endpoints/rejecting/predict`, { instances: [{ features: strangeRow }] })).status === 400,
      'the profile',
    )
  })
  afterAll(async () => {
    client?.close()
    await served?.stop()
  })

  const strange = ['distance is outside of 0 to 5000', 'origin is an unknown category']
  const text = `row 0: ${strange.join(', ')}`

  test('lets everything pass where none is declared', async () => {
    const { status, body } = await post(`${at}/endpoints/passing/predict`, { instances: [{ features: strangeRow }] })
    expect(status).toBe(200)
    expect((body as { predictions: object[] }).predictions[0]).not.toHaveProperty('flags')
  })

  test('flags what the reference does not have, in the answer of each protocol', async () => {
    const kedge = await post(`${at}/endpoints/flagging/predict`, {
      instances: [
        { id: 'known', features: row },
        { id: 'strange', features: strangeRow },
      ],
    })
    const { predictions } = kedge.body as { predictions: { flags?: string[] }[] }
    expect(predictions.map(({ flags }) => flags)).toEqual([undefined, strange])
    expect((await served.recordedOf(({ id }) => id === 'strange')).features).toEqual({
      ...strangeRow,
      $flags: strange.join(', '),
    })
    expect((await served.recordedOf(({ id }) => id === 'known')).features.$flags).toBeNull()
    const mlflow = await post(`${at}/endpoints/flagging/invocations`, { dataframe_records: [strangeRow] })
    expect(mlflow.body).toMatchObject({ flags: text })
    const rest = await post(`${at}/v2/models/flagging/infer`, { inputs: inputs(strangeRow) })
    expect(rest.body).toMatchObject({ parameters: { flags: text } })
    expect((await post(`${at}/v2/models/flagging/infer`, { inputs: inputs(row) })).body).not.toHaveProperty(
      'parameters',
    )
    const grpc = await unary<object>(client, 'ModelInfer', { model_name: 'flagging', inputs: grpcInputs(strangeRow) })
    expect(grpc).toMatchObject({ parameters: { flags: { string_param: text } } })
  })

  test('rejects it, naming the field, on each protocol; missing values are not meant', async () => {
    const kedge = await post(`${at}/endpoints/rejecting/predict`, { instances: [{ features: strangeRow }] })
    expect(kedge.status).toBe(400)
    expect((kedge.body as { error: { places: object[] } }).error.places).toEqual([
      { where: 'instances.0.features.origin', what: 'is an unknown category' },
    ])
    const mlflow = await post(`${at}/endpoints/rejecting/invocations`, { dataframe_records: [row, strangeRow] })
    expect(mlflow).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('rows.1.origin is an unknown') },
    })
    const rest = await post(`${at}/v2/models/rejecting/infer`, { inputs: inputs(strangeRow) })
    expect(rest).toMatchObject({ status: 400, body: { error: expect.stringContaining('inputs.0.origin') } })
    await expect(
      unary(client, 'ModelInfer', { model_name: 'rejecting', inputs: grpcInputs(strangeRow) }),
    ).rejects.toMatchObject({ code: status.INVALID_ARGUMENT })
    const missing = { ...row, origin: null, distance: null }
    expect((await post(`${at}/endpoints/rejecting/predict`, { instances: [{ features: missing }] })).status).toBe(200)
  })
})

describe('tokens and rates', () => {
  let served: ServedModels
  let at: string
  let client: ReturnType<typeof grpcClient>

  beforeAll(async () => {
    served = await serveModels(
      { open: 'delay-1', limited: 'delay-1' },
      {
        specs: { limited: { limits: { rate: '3/h' } } },
        control: {
          tokens: {
            'Bearer project': ['predict@default'],
            'Bearer endpoint': ['predict@default/limited'],
            'Bearer reader': ['read'],
          },
        },
        inference: { auth: 'token' },
      },
    )
    at = served.inference.addresses!.http
    client = grpcClient(served.inference.addresses!.grpc, 'inference.GRPCInferenceService')
  })
  afterAll(async () => {
    client?.close()
    await served?.stop()
  })

  const ask = (endpoint: string, token?: string) =>
    fetch(`${at}/endpoints/${endpoint}/predict`, {
      method: 'POST',
      headers: token ? { authorization: `Bearer ${token}` } : {},
      body: JSON.stringify({ instances: [{ features: row }] }),
    })
  const askGrpc = (endpoint: string, token: string) =>
    new Promise((resolve, reject) => {
      const metadata = new Metadata()
      metadata.set('authorization', `Bearer ${token}`)
      const infer = (client as unknown as { ModelInfer: (...all: unknown[]) => void }).ModelInfer
      infer.call(
        client,
        { model_name: endpoint, inputs: grpcInputs(row) },
        metadata,
        (error: unknown, answer: unknown) => (error ? reject(error) : resolve(answer)),
      )
    })

  test('a token of one endpoint opens that endpoint and no other', async () => {
    expect((await ask('open', 'project')).status).toBe(200)
    expect((await ask('open', 'endpoint')).status).toBe(403)
    expect((await ask('open', 'reader')).status).toBe(403)
    expect((await ask('open')).status).toBe(401)
    await expect(askGrpc('open', 'endpoint')).rejects.toMatchObject({ code: status.PERMISSION_DENIED })
    expect((await ask('limited', 'endpoint')).status).toBe(200)
  })

  test('such a token is made as any other, with PROJECT/ENDPOINT for its project', async () => {
    const tokens = createTokens(served.control.environment, {
      auth: 'token',
      adminToken: undefined,
      internalSecret: 's',
    })
    const made = { name: 'app', role: 'predictor' as const, project: 'default/limited' }
    const { token } = await tokens.create({ actor: 'user/test' }, made)
    const caller = await tokens.identify(`Bearer ${token}`)
    const asked = ['default/limited', 'default', 'default/open'].map((project) => caller!.may('predict', project))
    expect(asked).toEqual([true, false, false])
    expect(caller!.may('read', 'default/limited')).toBe(false)
  })

  test('the rate is of each caller, over all protocols together, and says when to come again', async () => {
    // one went with the test before
    await askGrpc('limited', 'endpoint')
    expect((await ask('limited', 'endpoint')).status).toBe(200)
    const refused = await ask('limited', 'endpoint')
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(1000)
    expect(await refused.json()).toMatchObject({ error: { code: 'rate_limited' } })
    const error = (await askGrpc('limited', 'endpoint').catch((thrown) => thrown)) as {
      code: number
      metadata: Metadata
    }
    expect(error.code).toBe(status.RESOURCE_EXHAUSTED)
    expect(Number(error.metadata.get('grpc-retry-pushback-ms')[0])).toBeGreaterThan(1_000_000)
    expect((await ask('limited', 'project')).status).toBe(200)
    for (let i = 0; i < 5; i++) expect((await ask('open', 'project')).status).toBe(200)
  })
})
