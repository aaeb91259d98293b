import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { InferenceSupervisor } from '../../src/serving/inference-supervisor.ts'
import { putFolder } from '../../src/storage/blobs/folder.ts'
import { processTree } from '../loop/process-tree.ts'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'
import { grpcClient, unary } from '../serving/grpc-client.ts'
import { type Control, eventually, post, startControl, startInference, temporaryDirectory } from '../serving/stand.ts'

const user = { actor: 'user/test' }
const before = process.env.KEDGE_PYTHON
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let control: Control
let inference: InferenceSupervisor
let at: string
let rows: { distance: number; hour: number; origin: string }[]
let predictions: number[]

beforeAll(async () => {
  const python = await pythonEnvironment(fileURLToPath(new URL('../mlflow/requirements.lock', import.meta.url)))
  process.env.KEDGE_PYTHON = python
  directory = await temporaryDirectory()
  const folder = `${directory.path}/model`
  const make = readFileSync(new URL('./make-mixed-model.py', import.meta.url), 'utf8')
  ;({ rows, predictions } = JSON.parse(
    await runPython(python, `import sys\nsys.argv = ["", ${JSON.stringify(folder)}]\n${make}`),
  ))
  control = await startControl(`${directory.path}/control`)
  inference = await startInference(control.address, `${directory.path}/inference`)
  at = inference.addresses!.http
  const { digest, bytes } = await putFolder(control.environment.blobs, folder)
  await control.registry.models.ensure(user, 'default', 'mixed')
  await control.registry.versions.create(user, 'default', 'mixed', {
    artifact: { digest, kind: 'mlflow', bytes },
    datasetVersions: [],
  })
  await control.serving.deploy(user, 'default', { name: 'mixed', model: 'mixed/1' })
  await eventually(
    async () => (await control.serving.endpoints.get('default', 'mixed')).release?.state === 'finished',
    'the model is released',
    60_000,
  )
}, 600_000)
afterAll(async () => {
  if (before === undefined) delete process.env.KEDGE_PYTHON
  else process.env.KEDGE_PYTHON = before
  await inference?.stop()
  await control?.stop()
  await directory?.remove()
})

const inputs = () => [
  { name: 'distance', datatype: 'FP64', shape: [rows.length, 1], data: rows.map((row) => row.distance) },
  { name: 'hour', datatype: 'INT64', shape: [rows.length, 1], data: rows.map((row) => row.hour) },
  { name: 'origin', datatype: 'BYTES', shape: [rows.length, 1], data: rows.map((row) => row.origin) },
]

test('the answers of model.predict over the Open Inference Protocol', async () => {
  const { status, body } = await post(`${at}/v2/models/mixed/infer`, { inputs: inputs() })
  expect(status).toBe(200)
  expect((body as { outputs: { name: string; datatype: string; data: number[] }[] }).outputs).toEqual([
    { name: 'predictions', datatype: 'FP64', shape: [rows.length], data: predictions },
  ])
})

test('the same over gRPC', async () => {
  const client = grpcClient(inference.addresses!.grpc, 'inference.GRPCInferenceService')
  try {
    const field = { FP64: 'fp64_contents', INT64: 'int64_contents', BYTES: 'bytes_contents' } as Record<string, string>
    const answer = (await unary(client, 'ModelInfer', {
      model_name: 'mixed',
      inputs: inputs().map(({ data, ...input }) => ({
        ...input,
        contents: {
          [field[input.datatype]!]: data.map((value) => (typeof value === 'string' ? Buffer.from(value) : value)),
        },
      })),
    })) as { outputs: { contents?: { fp64_contents: number[] } }[]; raw_output_contents: Uint8Array[] }
    const raw = answer.raw_output_contents[0]
    const given = raw
      ? Array.from({ length: rows.length }, (_, i) => Buffer.from(raw).readDoubleLE(8 * i))
      : answer.outputs[0]!.contents!.fp64_contents
    expect(given).toEqual(predictions)
  } finally {
    client.close()
  }
})

test('the same over /invocations and in the Kedge form', async () => {
  const columns = ['origin', 'distance', 'hour'] as const
  const split = { columns, data: rows.map((row) => columns.map((column) => row[column])) }
  for (const form of [{ dataframe_split: split }, { dataframe_records: rows }]) {
    const { status, body } = await post(`${at}/endpoints/mixed/invocations`, form)
    expect(status).toBe(200)
    expect((body as { predictions: number[] }).predictions).toEqual(predictions)
  }
  const { body } = await post(`${at}/endpoints/mixed/predict`, { instances: rows.map((features) => ({ features })) })
  expect((body as { predictions: { score: number }[] }).predictions.map((one) => one.score)).toEqual(predictions)
})

test('callers beside each other get their own answers', async () => {
  const answers = await Promise.all(
    rows.map((features) => post(`${at}/endpoints/mixed/predict`, { instances: [{ features }] })),
  )
  expect(answers.map(({ body }) => (body as { predictions: { score: number }[] }).predictions[0]!.score)).toEqual(
    predictions,
  )
})

test('what the model cannot take is the caller’s to mend, and is said in the protocol’s form', async () => {
  const wrong = inputs().map((input) => (input.name === 'hour' ? { ...input, datatype: 'FP32' } : input))
  const { status, body } = await post(`${at}/v2/models/mixed/infer`, { inputs: wrong })
  expect(status).toBe(400)
  expect((body as { error: string }).error).toContain('hour')
})

test('what the processes of the model took of the processors is in the cost of its endpoint', async () => {
  const [worker] = processTree(inference.pid!).filter(({ command }) => /python/.test(command))
  // user and system, in hundredths of a second; the name before them may hold anything
  const spent = () => {
    const [user, system] = readFileSync(`/proc/${worker!.pid}/stat`, 'utf8').split(') ')[1]!.split(' ').slice(11)
    return (Number(user) + Number(system)) / 100
  }
  const seconds = async () => (await control.serving.endpoints.get('default', 'mixed')).live.cpuSeconds
  await post(`${at}/v2/models/mixed/infer`, { inputs: inputs() })
  const settled = async (wanted: number) => eventually(async () => (await seconds()) >= wanted, 'the cost')
  await settled(0.001)
  const [before, worked] = [await seconds(), spent()]
  while (spent() - worked < 0.3)
    expect((await post(`${at}/v2/models/mixed/infer`, { inputs: inputs() })).status).toBe(200)
  await settled(before + 0.25)
})
