import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { InferenceSupervisor } from '../../src/serving/inference-supervisor.ts'
import {
  type Control,
  eventually,
  expectedOf,
  post,
  startControl,
  startInference,
  temporaryDirectory,
} from './stand.ts'

const user = { actor: 'user/test' }
const delay = expectedOf('delay-1')
const matrix = expectedOf('matrix')
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let control: Control
let inference: InferenceSupervisor
let at: string

beforeAll(async () => {
  directory = await temporaryDirectory()
  control = await startControl(`${directory.path}/control`)
  inference = await startInference(control.address, `${directory.path}/inference`)
  at = inference.addresses!.http
  await control.version('delay', 'delay-1')
  await control.version('matrix', 'matrix')
  for (const name of ['delay', 'matrix']) {
    await control.serving.endpoints.put(user, 'default', name, { model: name })
    await control.serving.releases.start(user, 'default', name, { version: 1 })
    await eventually(
      async () => (await control.serving.endpoints.get('default', name)).release?.state === 'finished',
      `${name} is released`,
    )
  }
})
afterAll(async () => {
  await inference?.stop()
  await control?.stop()
  await directory?.remove()
})

describe('the Kedge form', () => {
  test('predicts as the model does, with ids and labels, and is on record', async () => {
    const instances = delay.instances.map((features, i) => ({ id: `kedge-${i}`, time: 981_936_000_000 + i, features }))
    const { status, body } = await post(`${at}/endpoints/delay/predict`, { instances })
    expect(status).toBe(200)
    const { predictions } = body as { predictions: { id: string; score: number; label: string; revision: number }[] }
    expect(predictions.map((one) => one.id)).toEqual(instances.map((one) => one.id))
    predictions.forEach((one, i) => {
      expect(one.score).toBeCloseTo(delay.scores[i]!, 5)
      expect(one.label).toBe(one.score >= 0.5 ? '1' : '0')
      expect(one.revision).toBe(1)
    })
    await eventually(
      () => control.recorded.filter((row) => row.id.startsWith('kedge-')).length === instances.length,
      'the record',
    )
    const row = control.recorded.find((one) => one.id === 'kedge-3')!
    expect(row).toMatchObject({
      project: 'default',
      endpoint: 'delay',
      revision: 1,
      shadow: false,
      time: 981_936_000_003,
      features: delay.instances[3],
      label: predictions[3]!.label,
    })
    expect(row.score).toBe(predictions[3]!.score)
  })

  test('is addressed by project too, and lets unknown categories, missing values and foreign features pass', async () => {
    const features = { distance: 400, hour: null, origin: 'NOWHERE', more: true }
    const { status, body } = await post(`${at}/projects/default/endpoints/delay/predict`, { instances: [{ features }] })
    expect(status).toBe(200)
    expect((body as { predictions: { id: string }[] }).predictions[0]!.id).toMatch(/.+-/)
    expect(
      (await post(`${at}/endpoints/default%2Fdelay/predict`, { instances: [{ features: delay.instances[0] }] })).status,
    ).toBe(200)
  })

  test('names every field that breaks the signature', async () => {
    const instances = [
      { features: { distance: 'far', hour: 3, origin: 'SJC' } },
      { features: { distance: 1, origin: ['x'] } },
      { features: 7 },
    ]
    const { status, body } = await post(`${at}/endpoints/delay/predict`, { instances })
    expect(status).toBe(400)
    const { error } = body as { error: { code: string; places: { where: string; what: string }[] } }
    expect(error.code).toBe('invalid_input')
    expect(error.places).toEqual([
      { where: 'instances.0.features.distance', what: 'must be a finite number, is a string' },
      { where: 'instances.1.features.hour', what: 'is missing' },
      { where: 'instances.1.features.origin', what: 'must be a text, is a list' },
      { where: 'instances.2.features', what: 'must be an object of features, is a number' },
    ])
  })

  test('refuses what is no request, each with its status', async () => {
    expect((await post(`${at}/endpoints/nowhere/predict`, { instances: [] })).status).toBe(404)
    expect((await post(`${at}/endpoints/delay/predict`, '{"instances": [')).status).toBe(400)
    expect((await post(`${at}/endpoints/delay/predict`, { instances: 3 })).status).toBe(400)
    expect(
      (await post(`${at}/endpoints/delay/predict`, { instances: [{ id: '', features: delay.instances[0] }] })).status,
    ).toBe(400)
    expect(
      (await post(`${at}/endpoints/delay/predict`, { instances: [{ time: 1e300, features: delay.instances[0] }] }))
        .status,
    ).toBe(400)
    expect((await post(`${at}/endpoints/delay/predict`, {}, { origin: 'http://evil.example' })).status).toBe(403)
    expect((await fetch(`${at}/nothing`)).status).toBe(404)
    for (const terms of [{ timeout: -1 }, { priority: 'high' }])
      expect(
        (await post(`${at}/endpoints/delay/predict`, { instances: [{ features: delay.instances[0] }], ...terms }))
          .status,
      ).toBe(400)
    expect((await post(`${at}/endpoints/delay/predict`, { instances: [] })).body).toEqual({ predictions: [] })
  })
})

describe('Open Inference Protocol V2 over REST', () => {
  const inputs = () => [{ name: 'X', datatype: 'FP32', shape: [2, 20], data: matrix.rows.slice(0, 2).flat() }]

  test('tells of the server and its models', async () => {
    const get = async (path: string) => {
      const answer = await fetch(`${at}/${path}`)
      return { status: answer.status, body: await answer.json() }
    }
    expect(await get('v2')).toMatchObject({ status: 200, body: { name: 'kedge' } })
    expect(await get('v2/health/live')).toEqual({ status: 200, body: { live: true } })
    expect(await get('v2/health/ready')).toEqual({ status: 200, body: { ready: true } })
    expect(await get('v2/models/matrix')).toMatchObject({
      status: 200,
      body: {
        name: 'matrix',
        versions: ['1'],
        platform: 'onnx_onnxv1',
        inputs: [{ name: 'X', datatype: 'FP32', shape: [-1, 20] }],
      },
    })
    expect((await get('v2/models/matrix/versions/1/ready')).status).toBe(200)
    expect(await get('v2/models/matrix/versions/9')).toMatchObject({
      status: 404,
      body: { error: expect.stringContaining('matrix/9') },
    })
    expect((await get('v2/models/none/ready')).status).toBe(404)
    expect(await get('v2/models/matrix/config')).toMatchObject({
      status: 200,
      body: { max_batch_size: 65_536, input: [{ name: 'X', data_type: 'TYPE_FP32', dims: [20] }] },
    })
    for (const path of ['v2/models/stats', 'v2/models/matrix/stats', 'v2/models/matrix/versions/1/stats'])
      expect(await get(path)).toMatchObject({ status: 200, body: { model_stats: expect.any(Array) } })
    for (const path of ['ping', 'health', 'version']) expect((await fetch(`${at}/${path}`)).status).toBe(200)
  })

  test('offers the repository extension as far as releases let it, and refuses shared memory', async () => {
    expect((await post(`${at}/v2/repository/index`, { ready: true })).body).toEqual(
      ['delay', 'matrix'].map((name) => ({ name, version: '1', state: 'READY', reason: '' })),
    )
    expect((await post(`${at}/v2/repository/models/matrix/load`, {})).status).toBe(200)
    expect((await post(`${at}/v2/repository/models/none/load`, {})).status).toBe(404)
    for (const [path, body] of [
      ['v2/repository/models/matrix/load', { parameters: { config: '{}' } }],
      ['v2/repository/models/matrix/unload', {}],
      ['v2/systemsharedmemory/region/a/register', { key: '/a', offset: 0, byte_size: 8 }],
      ['v2/systemsharedmemory/unregister', {}],
      ['v2/cudasharedmemory/region/a/register', {}],
      ['v2/trace/setting', {}],
      ['v2/logging', {}],
    ] as const)
      expect(await post(`${at}/${path}`, body), path).toMatchObject({
        status: 400,
        body: { error: expect.stringContaining('is not offered here') },
      })
  })

  test('infers in JSON, nested or flat, with only the outputs that were asked for', async () => {
    const flat = await post(`${at}/v2/models/matrix/infer`, {
      id: 'a',
      inputs: inputs(),
      outputs: [{ name: 'probabilities' }],
    })
    expect(flat).toMatchObject({ status: 200, body: { id: 'a', model_name: 'matrix', model_version: '1' } })
    const { outputs } = flat.body as { outputs: { name: string; shape: number[]; data: number[] }[] }
    expect(outputs).toHaveLength(1)
    expect(outputs[0]).toMatchObject({ name: 'probabilities', datatype: 'FP32', shape: [2, 2] })
    expect(outputs[0]!.data[1]).toBeCloseTo(matrix.scores[0]!, 5)
    const nested = await post(`${at}/v2/models/matrix/versions/1/infer`, {
      inputs: [{ ...inputs()[0], data: matrix.rows.slice(0, 2) }],
    })
    expect((nested.body as { outputs: { name: string }[] }).outputs.map((output) => output.name)).toEqual([
      'label',
      'probabilities',
    ])
    await eventually(() => control.recorded.find((row) => row.id === 'a/1'), 'the record')
    expect(control.recorded.find((row) => row.id === 'a/1')!.score).toBeCloseTo(matrix.scores[1]!, 5)
  })

  test('infers with binary tensors both ways, mixed with texts', async () => {
    const [row] = delay.instances as [Record<string, number | string>]
    const text = Buffer.from(String(row.origin))
    const origin = Buffer.concat([Buffer.from(Uint32Array.of(text.length).buffer), text])
    const header = Buffer.from(
      JSON.stringify({
        inputs: [
          { name: 'distance', datatype: 'FP32', shape: [1, 1], parameters: { binary_data_size: 4 } },
          { name: 'hour', datatype: 'FP32', shape: [1, 1], data: [row.hour] },
          { name: 'origin', datatype: 'BYTES', shape: [1, 1], parameters: { binary_data_size: origin.length } },
        ],
        outputs: [{ name: 'probabilities', parameters: { binary_data: true } }, { name: 'label' }],
      }),
    )
    const answer = await fetch(`${at}/v2/models/delay/infer`, {
      method: 'POST',
      headers: { 'inference-header-content-length': String(header.length), 'content-type': 'application/octet-stream' },
      body: Buffer.concat([header, Buffer.from(Float32Array.of(Number(row.distance)).buffer), origin]),
    })
    expect(answer.status).toBe(200)
    const body = Buffer.from(await answer.arrayBuffer())
    const length = Number(answer.headers.get('inference-header-content-length'))
    const json = JSON.parse(body.subarray(0, length).toString())
    expect(json.outputs[0]).toMatchObject({ name: 'probabilities', shape: [1, 2], parameters: { binary_data_size: 8 } })
    expect(body.readFloatLE(length + 4)).toBeCloseTo(delay.scores[0]!, 5)
  })

  test.each([
    ['no inputs', {}],
    ['an unknown input', { inputs: [{ name: 'Y', datatype: 'FP32', shape: [1, 20], data: matrix.rows[0] }] }],
    ['another type', { inputs: [{ name: 'X', datatype: 'FP64', shape: [1, 20], data: matrix.rows[0] }] }],
    ['a type that is none', { inputs: [{ name: 'X', datatype: 'FP31', shape: [1, 20], data: matrix.rows[0] }] }],
    ['too few elements', { inputs: [{ name: 'X', datatype: 'FP32', shape: [2, 20], data: matrix.rows[0] }] }],
    ['another width', { inputs: [{ name: 'X', datatype: 'FP32', shape: [1, 19], data: matrix.rows[0]!.slice(1) }] }],
    ['a negative size', { inputs: [{ name: 'X', datatype: 'FP32', shape: [-1, 20], data: [] }] }],
    ['a size of 2^63', { inputs: [{ name: 'X', datatype: 'FP32', shape: [2 ** 63, 20], data: [] }] }],
    [
      'texts in place of numbers',
      { inputs: [{ name: 'X', datatype: 'FP32', shape: [1, 20], data: matrix.rows[0]!.map(String) }] },
    ],
    ['an unknown output', { inputs: inputs(), outputs: [{ name: 'nothing' }] }],
    [
      'binary data that is not there',
      { inputs: [{ name: 'X', datatype: 'FP32', shape: [1, 20], parameters: { binary_data_size: 80 } }] },
    ],
    [
      'a negative binary size',
      { inputs: [{ name: 'X', datatype: 'FP32', shape: [1, 20], parameters: { binary_data_size: -4 } }] },
    ],
  ])('refuses %s with 400 and an error text', async (_what, body) => {
    const answer = await post(`${at}/v2/models/matrix/infer`, body)
    expect(answer).toMatchObject({ status: 400, body: { error: expect.any(String) } })
  })

  test('refuses a header length that lies', async () => {
    for (const length of ['99999', '-1', 'x', '9223372036854775808'])
      expect(
        (await post(`${at}/v2/models/matrix/infer`, '{}', { 'inference-header-content-length': length })).status,
      ).toBe(400)
  })
})

test('nothing of the refused is on record', async () => {
  await eventually(() => control.recorded.length > 0)
  expect(control.recorded.every((row) => row.score === null || Number.isFinite(row.score))).toBe(true)
  const endpoint = await control.serving.endpoints.get('default', 'matrix')
  expect(endpoint.live.errors).toBe(0)
})
