import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Datatype, Tensor, TensorData } from '../../src/contracts/model-runtime.ts'
import { decodeTensorBytes, encodeTensorBytes } from '../../src/protocols/open-inference/tensor-bytes.ts'
import { grpcClient, unary } from './grpc-client.ts'
import type { onnxTypes } from './identity-model.ts'
import { type ServedModels, serveModels } from './served-models.ts'

/** A matrix of two rows of each datatype: what it is in JSON, and its bytes. */
const values: Record<keyof typeof onnxTypes, { json: string; data: TensorData; typed: object | undefined }> = {
  BOOL: { json: '[true,false]', data: Uint8Array.of(1, 0), typed: { bool_contents: [true, false] } },
  UINT8: { json: '[0,255]', data: Uint8Array.of(0, 255), typed: { uint_contents: [0, 255] } },
  UINT16: { json: '[0,65535]', data: Uint16Array.of(0, 65_535), typed: { uint_contents: [0, 65_535] } },
  UINT32: { json: '[0,4294967295]', data: Uint32Array.of(0, 2 ** 32 - 1), typed: { uint_contents: [0, 2 ** 32 - 1] } },
  UINT64: {
    json: '[9007199254740993,18446744073709551615]',
    data: BigUint64Array.of(2n ** 53n + 1n, 2n ** 64n - 1n),
    typed: { uint64_contents: ['9007199254740993', '18446744073709551615'] },
  },
  INT8: { json: '[-128,127]', data: Int8Array.of(-128, 127), typed: { int_contents: [-128, 127] } },
  INT16: { json: '[-32768,32767]', data: Int16Array.of(-32_768, 32_767), typed: { int_contents: [-32_768, 32_767] } },
  INT32: { json: '[-2147483648,5]', data: Int32Array.of(-(2 ** 31), 5), typed: { int_contents: [-(2 ** 31), 5] } },
  INT64: {
    json: '[-9223372036854775808,9007199254740993]',
    data: BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n),
    typed: { int64_contents: ['-9223372036854775808', '9007199254740993'] },
  },
  FP16: { json: '[1.5,-2]', data: Uint16Array.of(0x3e00, 0xc000), typed: undefined },
  BF16: { json: '[1.5,-3.140625]', data: Uint16Array.of(0x3fc0, 0xc049), typed: undefined },
  FP32: { json: '[1.5,null]', data: Float32Array.of(1.5, Number.NaN), typed: { fp32_contents: [1.5, Number.NaN] } },
  FP64: { json: '[0.1,-1e+300]', data: Float64Array.of(0.1, -1e300), typed: { fp64_contents: [0.1, -1e300] } },
  BYTES: {
    json: '["",":-) ü 🙂"]',
    data: ['', ':-) ü 🙂'],
    typed: { bytes_contents: [Buffer.alloc(0), Buffer.from(':-) ü 🙂')] },
  },
}
const datatypes = Object.keys(values) as (keyof typeof onnxTypes)[]
/** shapes that hold the two elements: both dimensions of the model are free */
const shapes = [
  [2, 1],
  [1, 2],
]

let served: ServedModels
let at: string
let client: ReturnType<typeof grpcClient>

beforeAll(async () => {
  served = await serveModels({ identity: 'identity', bf16: 'mean-BF16', fp16: 'mean-FP16' })
  at = `${served.inference.addresses!.http}/v2/models/identity/infer`
  client = grpcClient(served.inference.addresses!.grpc, 'inference.GRPCInferenceService')
})
afterAll(async () => {
  client?.close()
  await served?.stop()
})

const name = (datatype: string) => datatype.toLowerCase()

interface RestOutput {
  name: string
  datatype: Datatype
  shape: number[]
  parameters?: { binary_data_size: number }
}

/** Sends all tensors; those that `binary` says go as bytes, and come so too. */
async function rest(shape: number[], binary: (datatype: string) => boolean) {
  const chunks: Buffer[] = []
  const inputs = datatypes.map((datatype) => {
    const head = `"name":"${name(datatype)}","datatype":"${datatype}","shape":[${shape}]`
    if (!binary(datatype)) return `{${head},"data":${values[datatype].json}}`
    const bytes = encodeTensorBytes(values[datatype].data)
    chunks.push(bytes)
    return `{${head},"parameters":{"binary_data_size":${bytes.length}}}`
  })
  const outputs = datatypes.map(
    (datatype) => `{"name":"${name(datatype)}_out","parameters":{"binary_data":${binary(datatype)}}}`,
  )
  const header = Buffer.from(`{"id":"a","inputs":[${inputs}],"outputs":[${outputs}]}`)
  const answer = await fetch(at, {
    method: 'POST',
    headers: chunks.length > 0 ? { 'inference-header-content-length': String(header.length) } : {},
    body: Buffer.concat([header, ...chunks]),
  })
  const body = Buffer.from(await answer.arrayBuffer())
  expect(answer.status, body.toString()).toBe(200)
  const length = Number(answer.headers.get('inference-header-content-length') ?? body.length)
  return { text: body.subarray(0, length).toString(), bytes: body.subarray(length) }
}

describe('every datatype comes back as it went', () => {
  test.each([
    ['in JSON', () => false],
    ['as bytes', () => true],
    ['mixed', (datatype: string) => datatype.startsWith('INT') || datatype === 'BYTES'],
  ])('over REST %s', async (_how, binary) => {
    for (const shape of shapes) {
      const { text, bytes } = await rest(shape, binary)
      const { outputs } = JSON.parse(text) as { outputs: RestOutput[] }
      let offset = 0
      outputs.forEach((output, i) => {
        const datatype = datatypes[i]!
        expect(output).toMatchObject({ name: `${name(datatype)}_out`, datatype, shape })
        if (binary(datatype)) {
          const end = offset + output.parameters!.binary_data_size
          expect(decodeTensorBytes('x', datatype, bytes.subarray(offset, end))).toEqual(values[datatype].data)
          offset = end
        } else expect(text).toContain(`"datatype":"${datatype}","shape":[${shape}],"data":${values[datatype].json}`)
      })
      expect(offset).toBe(bytes.length)
    }
  })

  test('over REST all as bytes, when the request says so once', async () => {
    const inputs = datatypes.map(
      (datatype) =>
        `{"name":"${name(datatype)}","datatype":"${datatype}","shape":[2,1],"data":${values[datatype].json}}`,
    )
    const answer = await fetch(at, {
      method: 'POST',
      body: `{"inputs":[${inputs}],"parameters":{"binary_data_output":true}}`,
    })
    const length = Number(answer.headers.get('inference-header-content-length'))
    const { outputs } = JSON.parse((await answer.text()).slice(0, length)) as { outputs: RestOutput[] }
    expect(outputs.every((output) => output.parameters!.binary_data_size > 0)).toBe(true)
  })

  test.each(['raw', 'typed'])('over gRPC in %s contents', async (form) => {
    const raw = form === 'raw'
    for (const shape of shapes) {
      const answer = await unary<{ outputs: (Tensor & { contents: object })[]; raw_output_contents: Buffer[] }>(
        client,
        'ModelInfer',
        {
          model_name: 'identity',
          inputs: datatypes.map((datatype) => ({
            name: name(datatype),
            datatype,
            shape,
            ...(raw ? {} : { contents: values[datatype].typed ?? {} }),
          })),
          ...(raw ? { raw_input_contents: datatypes.map((datatype) => encodeTensorBytes(values[datatype].data)) } : {}),
        },
      ).catch((error: { details: string }) => error.details)
      // halves have no typed form
      if (!raw) {
        expect(answer).toContain('FP16 goes only as raw contents')
        continue
      }
      const { outputs, raw_output_contents } = answer as Exclude<typeof answer, string>
      outputs.forEach((output, i) => {
        const datatype = datatypes[i]!
        expect(output).toMatchObject({ datatype, shape: shape.map(String) })
        expect(decodeTensorBytes('x', datatype, raw_output_contents[i]!)).toEqual(values[datatype].data)
      })
    }
  })
})

test.each(['BF16', 'FP16'] as const)(
  'a model of %s predicts by names, and its numbers are recorded as they are',
  async (datatype) => {
    const { http } = served.inference.addresses!
    const endpoint = name(datatype)
    const byName = await fetch(`${http}/endpoints/${endpoint}/predict`, {
      method: 'POST',
      body: JSON.stringify({ instances: [{ id: 'named', features: { x0: 1.5, x1: -3 } }] }),
    })
    expect(await byName.json()).toMatchObject({ predictions: [{ score: -0.75 }] })
    const tensors = await fetch(`${http}/v2/models/${endpoint}/infer`, {
      method: 'POST',
      body: JSON.stringify({ id: 'tensors', inputs: [{ name: 'X', datatype, shape: [1, 2], data: [1.5, -3] }] }),
    })
    expect(await tensors.json()).toMatchObject({ outputs: [{ name: 'y', datatype, shape: [1, 1], data: [-0.75] }] })
    for (const id of ['named', 'tensors']) {
      const row = await served.recordedOf((row) => row.endpoint === endpoint && row.id === id)
      expect(row).toMatchObject({ features: { x0: 1.5, x1: -3 }, score: -0.75 })
    }
  },
)

test('numbers that a datatype cannot hold are refused by name', async () => {
  for (const [datatype, json] of [
    ['INT64', '[9223372036854775808,0]'],
    ['UINT64', '[-1,0]'],
    ['INT8', '[128,0]'],
    ['BOOL', '[2,0]'],
    ['BYTES', '[1,"a"]'],
  ] as const) {
    const inputs = datatypes.map(
      (one) =>
        `{"name":"${name(one)}","datatype":"${one}","shape":[2,1],"data":${one === datatype ? json : values[one].json}}`,
    )
    const answer = await fetch(at, { method: 'POST', body: `{"inputs":[${inputs}]}` })
    expect(answer.status).toBe(400)
    expect(((await answer.json()) as { error: string }).error).toContain(`input ${name(datatype)}: element 0`)
  }
})
