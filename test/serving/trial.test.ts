import { afterAll, beforeAll, expect, test } from 'vitest'
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
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let control: Control
let inference: InferenceSupervisor

beforeAll(async () => {
  directory = await temporaryDirectory()
  control = await startControl(`${directory.path}/control`, {
    tokens: { 'Bearer caller': ['predict'], 'Bearer operator': ['predict', 'serving.write'] },
  })
  inference = await startInference(control.address, `${directory.path}/inference`, { auth: 'token' })
  for (const name of ['delay', 'shadowed']) await control.version(name, 'delay-1')
  await control.serving.endpoints.put(user, 'default', 'delay', { model: 'delay' })
  await control.serving.deploy(user, 'default', { name: 'delay', model: 'delay/1' })
  await control.serving.releases.start(user, 'default', 'delay', { model: 'shadowed', version: 1 })
  await eventually(
    async () => (await control.serving.endpoints.get('default', 'delay')).traffic.some((one) => one.shadow),
    'the shadow',
  )
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

  expect((await ask('caller', 'seen', false)).status).toBe(200)
  // the answer and its shadow
  await eventually(() => control.recorded.filter(({ id }) => id === 'seen').length === 2, 'the record')
  await eventually(async () => {
    const { live } = await control.serving.endpoints.get('default', 'delay')
    return live.predictions === 1 && live.shadowPredictions === 1
  }, 'the counters')
  expect(control.recorded.map(({ id }) => id)).toEqual(['seen', 'seen'])
})
