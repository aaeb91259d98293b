import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { releaseStrategy } from '../../src/serving/endpoint-spec.ts'
import type { InferenceSupervisor } from '../../src/serving/inference-supervisor.ts'
import { grpcClient, unary } from './grpc-client.ts'
import { serveDelayShadowed } from './served-models.ts'
import {
  type Control,
  eventually,
  post,
  type Recorded,
  startControl,
  startInference,
  temporaryDirectory,
} from './stand.ts'

const user = { actor: 'user/test' }
/** nowhere else in the world, and neither is the number */
const raw = 'raw-value-of-a-person'
const distance = 1234.567890625
const hour = 17.000244140625
const features = { distance, hour, origin: raw }
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let control: Control
let inference: InferenceSupervisor
let at: string
/** what is shipped waits in the spool until this is so */
let taken = false
const recorded: Recorded[] = []

beforeAll(async () => {
  directory = await temporaryDirectory()
  control = await startControl(`${directory.path}/control`, {
    async ingest(key, rows) {
      if (!taken) throw new Error('not yet')
      for (const row of rows) recorded.push({ ...key, ...row })
    },
  })
  inference = await startInference(control.address, `${directory.path}/inference`)
  at = inference.addresses!.http
  await serveDelayShadowed(control, {
    spec: {
      record: { personal: { origin: 'hash', distance: 'drop', hour: 'hash' } },
      inputs: { unknownCategories: 'flag' },
    },
    strategy: releaseStrategy.parse({ shadow: 1_000_000 }),
  })
})
afterAll(async () => {
  await inference?.stop()
  await control?.stop()
  await directory?.remove()
})

async function filesWith(folder: string, what: Buffer): Promise<string[]> {
  const found: string[] = []
  for (const file of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(file.parentPath, file.name)
    // what was moved or removed meanwhile is under its next name, or nowhere
    const bytes = file.isFile() ? await readFile(path).catch(() => undefined) : undefined
    if (bytes?.includes(what)) found.push(path)
  }
  return found
}

const double = (value: number) => {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return bytes
}

const tensors = [
  { name: 'distance', datatype: 'FP32', shape: [1, 1], data: [distance] },
  { name: 'hour', datatype: 'FP32', shape: [1, 1], data: [hour] },
  { name: 'origin', datatype: 'BYTES', shape: [1, 1], data: [raw] },
]

test('a personal value is nowhere on disk, whatever protocol it came by and whatever became of the request', async () => {
  const metadata = (await (await fetch(`${at}/v2/models/delay`)).json()) as {
    inputs: { name: string; datatype: string }[]
  }
  const inputs = metadata.inputs.map(({ name, datatype }) => ({
    ...tensors.find((tensor) => tensor.name === name)!,
    datatype,
  }))
  const answers = [
    await post(`${at}/endpoints/delay/predict`, { instances: [{ id: 'kedge', features }] }),
    await post(`${at}/endpoints/delay/invocations`, { dataframe_records: [features] }),
    await post(`${at}/v2/models/delay/infer`, { id: 'v2', inputs }),
    // an id that is the value itself
    await post(`${at}/endpoints/delay/predict`, { instances: [{ id: raw, features }] }),
    await post(`${at}/v2/models/delay/infer`, { id: raw, inputs }),
    // each in its form of errors
    await post(`${at}/endpoints/delay/predict`, `{"instances": [{"features": {"origin": ${raw}}}]}`),
    await post(`${at}/endpoints/delay/predict`, { instances: [{ features: { ...features, distance: raw } }] }),
    await post(`${at}/endpoints/delay/invocations`, `{"inputs": ${raw}}`),
    await post(`${at}/v2/models/delay/infer`, { id: 'v2', inputs: [{ ...inputs[0], data: [raw] }] }),
    await post(`${at}/v2/models/delay/infer`, { id: raw, inputs: inputs.slice(1) }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 400, 400, 400, 400, 400])
  const header = JSON.stringify({
    id: 'binary',
    inputs: inputs.map(({ data, ...input }) =>
      input.name === 'origin' ? { ...input, parameters: { binary_data_size: raw.length + 4 } } : { ...input, data },
    ),
  })
  const length = Buffer.alloc(4)
  length.writeUInt32LE(raw.length)
  const binary = await fetch(`${at}/v2/models/delay/infer`, {
    method: 'POST',
    headers: { 'inference-header-content-length': String(header.length) },
    body: Buffer.concat([Buffer.from(header), length, Buffer.from(raw)]),
  })
  expect(binary.status).toBe(200)
  const client = grpcClient(inference.addresses!.grpc, 'inference.GRPCInferenceService')
  await unary(client, 'ModelInfer', {
    model_name: 'delay',
    id: 'grpc',
    inputs: inputs.map(({ data, ...input }) => ({
      ...input,
      contents: input.name === 'origin' ? { bytes_contents: [Buffer.from(raw)] } : { fp32_contents: data },
    })),
  })
  client.close()

  const failed = await eventually(async () => {
    const requests = await control.serving.requests('default', 'delay')
    return requests.failed.length >= 4 && requests
  }, 'the failed requests')
  expect(JSON.stringify(failed)).not.toContain(raw)
  expect(failed.slow.map(({ id }) => id)).toContain('kedge')
  expect(failed.failed.map(({ error }) => error!.message)).toContainEqual(expect.stringContaining('distance'))

  // the shadow has predicted, and nothing has left the spool
  await eventually(async () => {
    const { live } = await control.serving.endpoints.get('default', 'delay')
    return live.shadowPredictions === 7
  }, 'the shadow predictions')
  expect(await filesWith(`${directory.path}/inference/spool`, Buffer.from('hash:'))).not.toEqual([])
  for (const what of [Buffer.from(raw), double(distance), double(Math.fround(distance)), double(hour)])
    expect(await filesWith(directory.path, what)).toEqual([])

  taken = true
  const rows = await eventually(() => recorded.length >= 14 && recorded, 'the record')
  expect(JSON.stringify(rows)).not.toContain(raw)
  expect(rows.filter(({ shadow }) => shadow)).toHaveLength(7)
  // equal values stay equal, whatever protocol and revision
  expect(new Set(rows.map((row) => row.features.origin)).size).toBe(1)
  expect(rows[0]!.features.origin).toMatch(/^hash:[\w-]{22}$/)
  expect(new Set(rows.map((row) => row.features.hour)).size).toBe(1)
  expect(rows.every((row) => !('distance' in row.features))).toBe(true)
})

test('what is missing stays missing, other columns stay as they are, and a list alone hashes', async () => {
  await control.version('other', 'delay-1')
  const endpoint = await control.serving.endpoints.put(user, 'default', 'other', {
    model: 'other',
    record: { personal: ['origin'] },
  })
  expect(endpoint.spec.record).toEqual({ share: 100, whenFull: 'answer', personal: { origin: 'hash' } })
  await control.serving.deploy(user, 'default', { name: 'other', model: 'other/1' })
  await post(`${at}/endpoints/other/predict`, {
    instances: [
      { id: 'none', features: { ...features, origin: null } },
      { id: 'same', features },
    ],
  })
  taken = true
  const of = (id: string) => eventually(() => recorded.find((row) => row.id === id), id)
  expect((await of('none')).features).toEqual({ distance, hour, origin: null })
  const { origin } = (await of('same')).features
  // a project's values are equal across its endpoints
  expect(origin).toBe((await of('kedge')).features.origin)
})
