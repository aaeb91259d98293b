import { Metadata, status } from '@grpc/grpc-js'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { InferenceSupervisor } from '../../src/serving/inference-supervisor.ts'
import { grpcClient } from './grpc-client.ts'
import { serveDelayShadowed } from './served-models.ts'
import {
  type Control,
  eventually,
  expectedOf,
  post,
  startControl,
  startInference,
  temporaryDirectory,
} from './stand.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let control: Control
let inference: InferenceSupervisor

beforeAll(async () => {
  directory = await temporaryDirectory()
  control = await startControl(`${directory.path}/control`, {
    tokens: { 'Bearer caller': ['predict'], 'Bearer operator': ['predict', 'serving.write'] },
  })
  inference = await startInference(control.address, `${directory.path}/inference`, { auth: 'token' })
  await serveDelayShadowed(control)
})
afterAll(async () => {
  await inference?.stop()
  await control?.stop()
  await directory?.remove()
})

test('a trial takes the permission to change serving, answers as ever and leaves no trace', async () => {
  const { instances, scores } = expectedOf('delay-1')
  const ask = (token: string, id: string, trial: boolean) =>
    post(
      `${inference.addresses!.http}/endpoints/delay/predict`,
      { instances: [{ id, features: instances[0] }] },
      { authorization: `Bearer ${token}`, ...(trial ? { 'kedge-trial': '1' } : {}) },
    )
  expect((await ask('caller', 'no', true)).status).toBe(403)
  const tried = await eventually(async () => {
    const answer = await ask('operator', 'tried', true)
    return answer.status === 200 && answer
  })
  const { predictions } = tried.body as { predictions: { score: number }[] }
  expect(predictions[0]!.score).toBeCloseTo(scores[0]!, 5)

  // over gRPC it is asked for by metadata of the same name
  const client = grpcClient(inference.addresses!.grpc, 'inference.GRPCInferenceService')
  const askGrpc = (token: string) =>
    new Promise<{ code?: number; model_name?: string }>((resolve) => {
      const metadata = new Metadata()
      metadata.set('authorization', `Bearer ${token}`)
      metadata.set('kedge-trial', '1')
      const infer = (client as unknown as { ModelInfer: (...all: unknown[]) => void }).ModelInfer
      const { distance, hour, origin } = instances[0]!
      const one = { shape: [1, 1] }
      const inputs = [
        { ...one, name: 'distance', datatype: 'FP32', contents: { fp32_contents: [distance] } },
        { ...one, name: 'hour', datatype: 'FP32', contents: { fp32_contents: [hour] } },
        { ...one, name: 'origin', datatype: 'BYTES', contents: { bytes_contents: [Buffer.from(String(origin))] } },
      ]
      infer.call(client, { model_name: 'delay', id: 'tried', inputs }, metadata, (error: object, answer: object) =>
        resolve(error ?? answer),
      )
    })
  expect((await askGrpc('caller')).code).toBe(status.PERMISSION_DENIED)
  expect((await askGrpc('operator')).model_name).toBe('delay')
  client.close()

  expect((await ask('caller', 'seen', false)).status).toBe(200)
  // the answer and its shadow
  await eventually(() => control.recorded.filter(({ id }) => id === 'seen').length === 2, 'the record')
  await eventually(async () => {
    const { live } = await control.serving.endpoints.get('default', 'delay')
    return live.predictions === 1 && live.shadowPredictions === 1
  }, 'the counters')
  expect(control.recorded.map(({ id }) => id)).toEqual(['seen', 'seen'])
})
