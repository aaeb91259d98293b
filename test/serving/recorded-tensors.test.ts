import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { type Kedge, startKedge } from '../../src/main.ts'
import { eventually, post, temporaryDirectory } from './stand.ts'
import { tensorModel } from './tensor-model.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let kedge: Kedge
beforeAll(async () => {
  directory = await temporaryDirectory()
  kedge = await startKedge(readConfig({ port: 0, data: directory.path, logLevel: 'silent' }), silentLog)
})
afterAll(async () => {
  await kedge?.stop()
  await directory?.remove()
})

test('tensors of a model that names no features are on record as numbers, vectors and what can be said of images', async () => {
  const predictions = (await kedge.ready()).inference!
  const width = 6
  const upload = await fetch(`${kedge.address}/api/v1/projects/default/uploads`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(tensorModel(width)),
  })
  const { digest } = (await upload.json()) as { digest: string }
  const deployed = await post(`${kedge.address}/api/v1/projects/default/deploy`, {
    name: 'tensors',
    files: { 'model.onnx': digest },
  })
  expect(deployed.status).toBe(200)
  const rows = 40
  const embedding = Array.from({ length: rows * width }, (_, i) => (i % 7) / 4)
  const answer = await post(`${predictions}/v2/models/tensors/infer`, {
    id: 'call',
    inputs: [
      { name: 'age', datatype: 'FP32', shape: [rows, 1], data: Array.from({ length: rows }, (_, i) => 20 + i) },
      { name: 'embedding', datatype: 'FP32', shape: [rows, width], data: embedding },
      { name: 'picture', datatype: 'FP32', shape: [rows, 3, 4, 4], data: new Array(rows * 48).fill(0.25) },
    ],
  })
  expect(answer.status).toBe(200)
  const found = await eventually(async () => {
    const all = await kedge.environment.events.query<{
      numbers: Record<string, number>
      texts: Record<string, string>
      score: number
    }>(`SELECT numbers, texts, score FROM predictions FINAL WHERE endpoint = 'tensors' ORDER BY score`)
    return all.length === rows ? all : undefined
  }, 'the rows')
  expect(found[1]!.numbers).toEqual({ age: 21, 'picture · brightness': 0.25, 'picture · contrast': 0 })
  expect(JSON.parse(found[1]!.texts.embedding!)).toEqual(embedding.slice(width, 2 * width))
  expect(found[1]!.score).toBe(21)
  const profiled = await eventually(async () => {
    const features = await kedge.environment.events.query<{ feature: string }>(
      `SELECT DISTINCT feature FROM profiles FINAL WHERE scope = 'endpoint/tensors' AND count > 0 ORDER BY feature`,
    )
    return features.length > 3 ? features.map(({ feature }) => feature) : undefined
  }, 'profiles')
  expect(profiled).toContain('embedding · norm')
  expect(profiled).not.toContain('embedding')
})
