import { afterAll, beforeAll, expect, test } from 'vitest'
import { releaseStrategy } from '../../src/serving/endpoint-spec.ts'
import { groupWorks } from '../../src/serving/inference/shadows.ts'
import type { InferenceSupervisor } from '../../src/serving/inference-supervisor.ts'
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

const { instances } = expectedOf('delay-1')
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let control: Control
let inference: InferenceSupervisor

beforeAll(async () => {
  directory = await temporaryDirectory()
  control = await startControl(`${directory.path}/control`)
  inference = await startInference(control.address, `${directory.path}/inference`)
  await serveDelayShadowed(control, { strategy: releaseStrategy.parse({ shadow: 1_000_000 }) })
})
afterAll(async () => {
  await inference?.stop()
  await control?.stop()
  await directory?.remove()
})

test('what is predicted in shadow together is each row’s own, once, in small requests and large ones', async () => {
  const { http } = inference.addresses!
  const rowsOf = (request: number) => (request % 10 === 0 ? 30 : 1 + (request % 3))
  const requests = Array.from({ length: 200 }, (_, request) => ({
    instances: Array.from({ length: rowsOf(request) }, (_, row) => ({
      id: `${request}-${row}`,
      features: instances[(request + row) % instances.length],
    })),
  }))
  const answers = await Promise.all(requests.map((body) => post(`${http}/endpoints/delay/predict`, body)))
  expect(answers.every(({ status }) => status === 200)).toBe(true)
  const ids = requests.flatMap((request) => request.instances.map(({ id }) => id))
  const shadows = await eventually(() => {
    const found = control.recorded.filter(({ shadow }) => shadow)
    return found.length >= ids.length && found
  }, 'the shadows’ record')
  expect(shadows.map(({ id }) => id).sort()).toEqual(ids.sort())
  const live = new Map(control.recorded.flatMap((row) => (row.shadow ? [] : [[row.id, row] as const])))
  for (const { id, score, features } of shadows) {
    expect(features).toEqual(live.get(id)!.features)
    // in the precision of the model's own numbers
    expect(score).toBeCloseTo(live.get(id)!.score!, 6)
  }
  // counters are reported once in a while
  const counted = async () => (await control.serving.endpoints.get('default', 'delay')).live.shadowPredictions
  await eventually(async () => (await counted()) >= ids.length, 'the counters')
  expect(await counted()).toBe(ids.length)
})

test('small requests go together up to a number of rows, in their order; large ones alone', () => {
  const works = [1, 2, 1, 9, 1, 8, 8, 8, 1].map((rows) => ({ ids: new Array<string>(rows).fill('') }))
  const sizes = (most: number) => groupWorks(works, most).map((group) => group.map(({ ids }) => ids.length))
  expect(sizes(16)).toEqual([[1, 2, 1], [9], [1, 8], [8, 8], [1]])
  expect(sizes(1)).toEqual([[1], [2], [1], [9], [1], [8], [8], [8], [1]])
})
