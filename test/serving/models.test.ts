import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeReference } from '../../src/registry/write-reference.ts'
import type { EndpointSpecInput } from '../../src/serving/endpoint-spec.ts'
import type { InferenceSupervisor } from '../../src/serving/inference-supervisor.ts'
import { putFolder } from '../../src/storage/blobs/folder.ts'
import { writeModel } from './averaging-model.ts'
import { type Control, eventually, post, startControl, startInference, temporaryDirectory } from './stand.ts'

const user = { actor: 'user/test' }
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let control: Control
let inference: InferenceSupervisor | undefined

beforeEach(async () => {
  directory = await temporaryDirectory()
  control = await startControl(`${directory.path}/control`)
})
afterEach(async () => {
  await inference?.stop()
  inference = undefined
  await control?.stop()
  await directory?.remove()
})

const start = async (more: object = {}) => {
  inference = await startInference(control.address, `${directory.path}/inference`, more)
}

let folders = 0
async function register(
  model: string,
  ...written: [Parameters<typeof writeModel>[1], Parameters<typeof writeModel>[2]?]
) {
  const folder = await writeModel(join(directory.path, `model-${folders++}`), ...written)
  const { digest, bytes } = await putFolder(control.environment.blobs, folder)
  await control.registry.models.ensure(user, 'default', model)
  const artifact = { digest, kind: 'onnx' as const, bytes }
  return (await control.registry.versions.create(user, 'default', model, { artifact, datasetVersions: [] })).version
}

async function deploy(model: string, version = 1, spec: Partial<EndpointSpecInput> = {}) {
  await control.serving.endpoints.put(user, 'default', model, { model, ...spec })
  return control.serving.deploy(user, 'default', { name: model, model: `${model}/${version}` })
}

const predict = (endpoint: string, xs: number[]) =>
  post(`${inference!.addresses!.http}/endpoints/${endpoint}/predict`, {
    instances: xs.map((x) => ({ features: { x } })),
  }) as Promise<{ status: number; body: { predictions: { score: number }[] } }>

const runtimeOf = async (endpoint: string) =>
  (await control.serving.endpoints.get('default', endpoint)).revisions[0]!.instances[0]?.runtime

test('a heavy model runs in threads and its waiting calls are joined, a light one runs inline; both say so', async () => {
  await start()
  await register('light', {})
  await register('heavy', { layers: 12, width: 1024, factor: 2 })
  await deploy('light')
  await deploy('heavy')
  expect(await runtimeOf('light')).toMatchObject({ place: 'inline', resident: true })
  const heavy = (await runtimeOf('heavy'))!
  expect(heavy).toMatchObject({ place: 'thread', resident: true })
  expect(heavy.microseconds!['1']).toBeGreaterThan(250)
  expect(heavy.chunk).toBeGreaterThanOrEqual(8)
  const xs = Array.from({ length: 40 }, (_, i) => i + 1)
  const answers = Promise.all(xs.map((x) => predict('heavy', [x, -x])))
  const beside = await Promise.all(xs.map((x) => predict('light', [x])))
  beside.forEach(({ body }, i) => {
    expect(body.predictions[0]!.score).toBeCloseTo(xs[i]!, 3)
  })
  ;(await answers).forEach(({ body }, i) => {
    expect(body.predictions.map(({ score }) => Math.round(score * 100) / 100)).toEqual([2 * xs[i]!, -2 * xs[i]!])
  })
  await eventually(async () => ((await runtimeOf('heavy'))?.calls.joined ?? 0) > 0, 'joined calls in the report')
  expect((await runtimeOf('light'))!.calls.joined).toBe(0)
})

test('past the limit of an endpoint requests are refused at once, with the time to try again', async () => {
  await start()
  await register('heavy', { layers: 60, width: 1024 })
  await deploy('heavy', 1, { limits: { concurrency: 1, queue: 2 } })
  const url = `${inference!.addresses!.http}/endpoints/heavy/predict`
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, x) =>
      fetch(url, { method: 'POST', body: JSON.stringify({ instances: [{ features: { x } }] }) }),
    ),
  )
  const refused = answers.filter((answer) => answer.status === 429)
  expect(answers.filter((answer) => answer.status === 200).length).toBeGreaterThanOrEqual(3)
  expect(refused.length).toBeGreaterThan(0)
  for (const answer of refused) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  expect((await control.serving.endpoints.get('default', 'heavy')).live.errors).toBe(0)
})

test('a model must give the answers that were recorded with it before it takes a request', async () => {
  await start()
  const instances = [{ x: 1 }, { x: 2 }, { x: 3 }]
  await register('answers', { factor: 2 }, { instances, scores: [2, 4, 6] })
  await register('answers', { factor: 3 }, { instances, scores: [3, 6, 9.5] })
  await deploy('answers')
  expect(await runtimeOf('answers')).toMatchObject({ verified: { rows: 3 } })
  await expect(deploy('answers', 2)).rejects.toMatchObject({
    code: 'model_unloadable',
    message: expect.stringContaining('1 of 3 rows; most at x 3: 9.5 is on record, 9'),
  })
  expect((await predict('answers', [5])).body.predictions[0]!.score).toBeCloseTo(10, 3)
})

test('a model must give the scores of its reference, that its gate recorded', async () => {
  await start()
  await register('gated', { factor: 2 })
  await register('gated', { factor: 2.5 })
  const path = join(directory.path, 'reference.parquet')
  const cells = new Map([['x', [1, 2, 3]]])
  const scores = Float64Array.of(2, 4, 6)
  const part = { split: 'train' as const, rows: 3, cells, scores, outOfFold: scores, truth: scores }
  writeReference(path, { task: 'regression', features: [{ name: 'x', type: 'number' }] }, [part])
  const { digest } = await control.environment.blobs.putFile(path)
  await control.environment.journal.change(user, async (change) => {
    await change.db.updateTable('model_versions').set({ reference: digest }).execute()
  })
  await deploy('gated')
  expect(await runtimeOf('gated')).toMatchObject({ verified: { rows: 3 } })
  await expect(deploy('gated', 2)).rejects.toMatchObject({ message: expect.stringContaining('3 of 3 rows') })
})

test('models that do not fit into memory leave it, least recently used first, and come back when they are called', async () => {
  await start({ modelMemory: 1 })
  for (const [i, name] of ['one', 'two', 'three'].entries()) {
    await register(name, { factor: i + 1 })
    await deploy(name)
  }
  for (const [i, name] of ['one', 'two', 'three', 'one'].entries())
    expect((await predict(name, [7])).body.predictions[0]!.score).toBeCloseTo(7 * ((i % 3) + 1), 3)
  await eventually(async () => {
    const resident = await Promise.all(['one', 'two', 'three'].map(async (name) => (await runtimeOf(name))?.resident))
    return resident[0] === true && resident[1] === false && resident[2] === false
  }, 'only the last one in memory')
})

test('a model that nobody calls leaves memory, and what is known of it outlives the process', async () => {
  await start({ modelIdle: 50 })
  await register('idle', { factor: 4 })
  await deploy('idle')
  await eventually(async () => (await runtimeOf('idle'))?.resident === false, 'the idle model is gone')
  expect((await predict('idle', [2])).body.predictions[0]!.score).toBeCloseTo(8, 3)
  process.kill(inference!.pid!, 'SIGKILL')
  await eventually(() => inference!.restarts === 1 && inference!.addresses, 'the restart')
  // not loaded anew, yet it is described
  await eventually(
    async () => (await control.serving.endpoints.get('default', 'idle')).revisions[0]!.instances.length > 0,
  )
  const described = await fetch(`${inference!.addresses!.http}/v2/models/idle`)
  expect(await described.json()).toMatchObject({ inputs: [{ name: 'x', shape: [-1, 1] }] })
  expect((await predict('idle', [3])).body.predictions[0]!.score).toBeCloseTo(12, 3)
})
