import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { gunzipSync, gzipSync } from 'node:zlib'
import { request } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { decodeTensorBytes, encodeTensorBytes } from '../../src/protocols/open-inference/tensor-bytes.ts'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'
import { grpcClient, unary } from './grpc-client.ts'
import { type ServedModels, serveModels } from './served-models.ts'
import { expectedOf, post } from './stand.ts'

const { instances: fixture, scores } = expectedOf('delay-1')
/** enough rows that a long answer is compressed */
const copies = 40
const instances = Array.from({ length: copies }, () => fixture).flat()
const n = instances.length
const columns = ['distance', 'hour', 'origin'] as const
let served: ServedModels
let at: string
let client: ReturnType<typeof grpcClient>

beforeAll(async () => {
  served = await serveModels({ delay: 'delay-1' })
  at = served.inference.addresses!.http
  client = grpcClient(served.inference.addresses!.grpc, 'inference.GRPCInferenceService')
})
afterAll(async () => {
  client?.close()
  await served?.stop()
})

const column = (name: (typeof columns)[number]) => instances.map((row) => row[name]!)
const tensors = columns.map((name) => ({
  name,
  datatype: name === 'origin' ? ('BYTES' as const) : ('FP32' as const),
  shape: [n, 1],
  data: column(name),
  bytes: encodeTensorBytes(
    name === 'origin' ? (column(name) as string[]) : Float32Array.from(column(name) as number[]),
  ),
}))
const inJson = tensors.map(({ name, datatype, shape, data }) => ({ name, datatype, shape, data }))
const positive = (probabilities: ArrayLike<number>) =>
  Array.from({ length: n }, (_, row) => probabilities[2 * row + 1]!)
const outputOf = (body: { outputs: { name: string; data: number[] }[] }) =>
  positive(body.outputs.find((output) => output.name === 'probabilities')!.data)

const invocations = async (body: unknown, headers: Record<string, string> = {}) => {
  const answer = await post(`${at}/endpoints/delay/invocations`, body, headers)
  return (answer.body as { predictions: number[] }).predictions
}

const ways: Record<string, () => Promise<number[]>> = {
  'Kedge’s form': async () => {
    const answer = await post(`${at}/endpoints/delay/predict`, {
      instances: instances.map((features) => ({ features })),
    })
    return (answer.body as { predictions: { score: number }[] }).predictions.map(({ score }) => score)
  },
  'MLflow’s dataframe_split': () =>
    invocations({ dataframe_split: { columns, data: instances.map((row) => columns.map((name) => row[name])) } }),
  'MLflow’s dataframe_records': () => invocations({ dataframe_records: instances }),
  'MLflow’s instances': () => invocations({ instances }),
  'MLflow’s inputs': () => invocations({ inputs: Object.fromEntries(columns.map((name) => [name, column(name)])) }),
  'MLflow’s CSV': () =>
    invocations(
      [columns, ...instances.map((row) => columns.map((name) => row[name]))].map((line) => line.join(',')).join('\n'),
      { 'content-type': 'text/csv' },
    ),
  'Open Inference, JSON': async () =>
    outputOf((await post(`${at}/v2/models/delay/infer`, { inputs: inJson })).body as never),
  'Open Inference, a version': async () =>
    outputOf((await post(`${at}/v2/models/delay/versions/1/infer`, { inputs: inJson })).body as never),
  'Open Inference, binary tensors': async () => {
    const header = Buffer.from(
      JSON.stringify({
        inputs: tensors.map(({ name, datatype, shape, bytes }) => ({
          name,
          datatype,
          shape,
          parameters: { binary_data_size: bytes.length },
        })),
        outputs: [{ name: 'probabilities', parameters: { binary_data: true } }],
      }),
    )
    const answer = await fetch(`${at}/v2/models/delay/infer`, {
      method: 'POST',
      headers: { 'inference-header-content-length': String(header.length) },
      body: Buffer.concat([header, ...tensors.map(({ bytes }) => bytes)]),
    })
    const body = Buffer.from(await answer.arrayBuffer())
    const length = Number(answer.headers.get('inference-header-content-length'))
    return positive(decodeTensorBytes('x', 'FP32', body.subarray(length)) as Float32Array)
  },
  'Open Inference, gzip both ways': async () => {
    const answer = await request(`${at}/v2/models/delay/infer`, {
      method: 'POST',
      headers: { 'content-encoding': 'gzip', 'accept-encoding': 'gzip' },
      body: gzipSync(JSON.stringify({ inputs: inJson })),
    })
    expect(answer.headers['content-encoding']).toBe('gzip')
    return outputOf(JSON.parse(gunzipSync(Buffer.from(await answer.body.arrayBuffer())).toString()))
  },
  'gRPC, raw contents': async () => {
    const answer = await unary<{ outputs: { name: string }[]; raw_output_contents: Buffer[] }>(client, 'ModelInfer', {
      model_name: 'delay',
      inputs: tensors.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
      raw_input_contents: tensors.map(({ bytes }) => bytes),
    })
    const at = answer.outputs.findIndex((output) => output.name === 'probabilities')
    return positive(decodeTensorBytes('x', 'FP32', answer.raw_output_contents[at]!) as Float32Array)
  },
  'gRPC, typed contents': async () => {
    const answer = await unary<{ outputs: { contents: { fp32_contents: number[] } }[] }>(client, 'ModelInfer', {
      model_name: 'delay',
      outputs: [{ name: 'probabilities' }],
      inputs: tensors.map(({ name, datatype, shape, data }) => ({
        name,
        datatype,
        shape,
        contents:
          datatype === 'BYTES'
            ? { bytes_contents: data.map((text) => Buffer.from(text as string)) }
            : { fp32_contents: data },
      })),
    })
    return positive(answer.outputs[0]!.contents.fp32_contents)
  },
  'HTTP/2 with curl': async () => {
    const { stdout } = await promisify(execFile)(
      'curl',
      ['-sS', '--http2-prior-knowledge', '--data-binary', JSON.stringify({ instances: instances.slice(0, 20) })].concat(
        '-H',
        'content-type: application/json',
        `${at}/endpoints/delay/invocations`,
      ),
    )
    const { predictions } = JSON.parse(stdout) as { predictions: number[] }
    return Array.from({ length: copies }, () => predictions).flat()
  },
  'mlflow.deployments': async () => {
    const python = await pythonEnvironment(new URL('../mlflow/requirements.lock', import.meta.url).pathname)
    const output = await runPython(
      python,
      `
import json, os
from mlflow.deployments import get_deploy_client
client = get_deploy_client(os.environ["HTTP"])
answer = client.predict(endpoint="delay", inputs={"dataframe_records": json.loads(os.environ["INSTANCES"])})
print(json.dumps(answer["predictions"]))
`,
      { HTTP: at, INSTANCES: JSON.stringify(fixture) },
    )
    const predictions = JSON.parse(output.trim().split('\n').at(-1)!) as number[]
    return Array.from({ length: copies }, () => predictions).flat()
  },
}

test.each(Object.keys(ways))('%s gives the answers of all others', { timeout: 600_000 }, async (way) => {
  const found = await ways[way]!()
  expect(found).toHaveLength(n)
  found.forEach((score, i) => {
    // a score that went as a 32-bit float comes back as the same 32-bit float
    expect(Math.fround(score)).toBe(Math.fround(reference[i]!))
    expect(score).toBeCloseTo(scores[i % scores.length]!, 5)
  })
})

let reference: number[]
beforeAll(async () => {
  reference = await ways['Kedge’s form']!()
})
