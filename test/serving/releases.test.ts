import { afterEach, beforeEach, expect, test } from 'vitest'
import type { InferenceSupervisor } from '../../src/serving/inference-supervisor.ts'
import type { RevisionDifferences } from '../../src/serving/paired-loss.ts'
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
const { instances } = expectedOf('delay-1')
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let control: Control
let inference: InferenceSupervisor
let sent = 0
let differences: RevisionDifferences | undefined

beforeEach(async () => {
  differences = undefined
  directory = await temporaryDirectory()
  control = await startControl(`${directory.path}/control`, { performance: async () => differences })
  inference = await startInference(control.address, `${directory.path}/inference`)
})
afterEach(async () => {
  await inference?.stop()
  await control?.stop()
  await directory?.remove()
})

const endpoint = () => control.serving.endpoints.get('default', 'delay')

/** Posts a batch with fresh ids; every answer must be good. */
async function predict(n = 50): Promise<{ id: string; score: number; revision: number }[]> {
  const rows = Array.from({ length: n }, (_, i) => ({ id: `p-${sent++}`, features: instances[i % instances.length] }))
  const { status, body } = await post(`${inference.addresses!.http}/endpoints/delay/predict`, { instances: rows })
  expect(status).toBe(200)
  return (body as { predictions: { id: string; score: number; revision: number }[] }).predictions
}

async function firstVersion(spec: object = {}) {
  await control.version('delay', 'delay-1')
  await control.serving.endpoints.put(user, 'default', 'delay', { model: 'delay', ...spec })
  await control.serving.releases.start(user, 'default', 'delay', { version: 1 })
  await eventually(async () => (await endpoint()).release?.state === 'finished', 'the first release')
}

const passGate = (version: number) =>
  control.environment.journal.change({ actor: 'test' }, async (change) => {
    change.append({
      type: 'gate.passed',
      project: 'default',
      subject: `model_version/delay@${version}`,
      data: { model: 'delay', version, champion: 1, result: 1, reasons: [] },
    })
  })

test('a version that passes its gate goes from shadow over the canary steps to everybody, under traffic, and becomes champion', async () => {
  await firstVersion({ keepShadow: true, release: { shadow: 100, canary: ['10%', '50%'], samples: 60 } })
  expect(await control.registry.aliases.resolve('default', 'delay', 'champion')).toBe(1)
  await control.version('delay', 'delay-2')
  await passGate(2)
  await eventually(async () => (await endpoint()).release?.state === 'running', 'the release')
  const answers: { id: string; revision: number }[] = []
  await eventually(async () => {
    answers.push(...(await predict()))
    return (await endpoint()).release?.state !== 'running'
  }, 'the end of the release')
  const done = await endpoint()
  expect(done.release).toMatchObject({ state: 'finished', revision: 2, baseline: 1, version: 2 })
  expect(done.release!.stages.map((stage) => [stage.stage, stage.percent])).toEqual([
    ['shadow', 0],
    ['canary', 10],
    ['canary', 50],
    ['full', 100],
  ])
  expect(done.traffic).toEqual([
    { revision: 2, version: 2, percent: 100, shadow: false },
    { revision: 1, version: 1, percent: 0, shadow: true },
  ])
  expect(await control.registry.aliases.resolve('default', 'delay', 'champion')).toBe(2)
  expect(answers.filter((answer) => answer.revision === 2).length).toBeGreaterThan(60)

  await eventually(
    async () => (await predict(5)).every((answer) => answer.revision === 2),
    'everybody meets the new revision',
  )
  // the very first goes on in shadow: recorded for the same ids, never answering
  await predict(20)
  await eventually(() => {
    const last = `p-${sent - 1}`
    return control.recorded.some((row) => row.id === last && row.revision === 1 && row.shadow)
  }, 'the shadow prediction')
  const types = (await control.environment.journal.read({ project: 'default' })).map((event) => event.type)
  for (const type of [
    'endpoint.created',
    'revision.created',
    'release.started',
    'release.advanced',
    'release.finished',
    'alias.moved',
  ])
    expect(types).toContain(type)

  // every answer is on record exactly once as what its caller got
  await eventually(
    () => new Set(control.recorded.filter((row) => !row.shadow).map((row) => row.id)).size === sent,
    'the record',
  )
  const live = control.recorded.filter((row) => !row.shadow)
  expect(live).toHaveLength(sent)
  for (const answer of answers.slice(0, 500))
    expect(live.find((row) => row.id === answer.id)!.revision).toBe(answer.revision)
})

test('a new revision that is worse where the truth has come is taken out again, with the reason', async () => {
  await firstVersion({ release: { shadow: 50, canary: [], samples: 50 } })
  await control.version('delay', 'delay-2')
  differences = { rows: 500, differences: { log_loss: { difference: 0.3, low: 0.27, high: 0.33 } } }
  await passGate(2)
  await eventually(async () => {
    await predict()
    return (await endpoint()).release?.state === 'rolled_back'
  }, 'the rollback')
  const { release, traffic } = await endpoint()
  expect(release!.reason).toMatch(/^performance: log_loss \+0\.3000/)
  expect(traffic).toEqual([{ revision: 1, version: 1, percent: 100, shadow: false }])
  expect(await control.registry.aliases.resolve('default', 'delay', 'champion')).toBe(1)
})

test('a version that cannot be loaded is taken out, and nobody notices', async () => {
  await firstVersion()
  const { digest } = await control.environment.blobs.put(Buffer.from('no model'))
  const folder = await control.environment.blobs.put(
    Buffer.from(JSON.stringify({ files: { 'model.onnx': { digest, bytes: 8 } } })),
  )
  const { version } = await control.registry.versions.create(user, 'default', 'delay', {
    artifact: { digest: folder.digest, kind: 'onnx' },
    datasetVersions: [],
  })
  await expect(
    control.serving.deploy(user, 'default', { name: 'delay', model: `delay/${version}` }),
  ).rejects.toMatchObject({ code: 'model_unloadable' })
  expect((await predict(10)).every((answer) => answer.revision === 1)).toBe(true)
  expect((await endpoint()).release).toMatchObject({
    state: 'rolled_back',
    reason: expect.stringContaining('cannot be loaded'),
  })
})

test('a person promotes and aborts; a younger version takes the place of the one on its way', async () => {
  await firstVersion()
  await control.version('delay', 'delay-2')
  await control.version('delay', 'delay-2')
  const second = await control.serving.releases.start(user, 'default', 'delay', { version: 2 })
  const third = await control.serving.releases.start(user, 'default', 'delay', { version: 3 })
  expect(await control.serving.releases.get('default', second.id)).toMatchObject({
    state: 'rolled_back',
    reason: 'version 3 of delay takes its place',
  })
  await control.serving.releases.abort(user, 'default', 'delay', third.id, 'not now')
  await expect(control.serving.releases.promote(user, 'default', 'delay', third.id, 'yes')).rejects.toMatchObject({
    code: 'conflict',
  })
  const again = await control.serving.releases.start(user, 'default', 'delay', { version: 3 })
  const promoted = await control.serving.releases.promote(user, 'default', 'delay', again.id, 'it is urgent')
  expect(promoted).toMatchObject({ state: 'finished', reason: 'user/test: it is urgent' })
  await eventually(
    async () => (await predict(3)).every((answer) => answer.revision === 4),
    'the promoted revision answers',
  )
})

test('an endpoint that is not automatic waits for a release that is asked for, also of the champion', async () => {
  await firstVersion()
  await control.version('delay', 'delay-1')
  const declare = (name: string, automatic: boolean) =>
    control.serving.endpoints.put(user, 'default', name, { model: 'delay', automatic })
  const other = () => control.serving.endpoints.get('default', 'other')
  await declare('other', false)
  await declare('third', true)
  await passGate(2)
  // the automatic one has taken the champion and what passed its gate, so the events have been seen
  await eventually(
    async () => (await control.serving.endpoints.get('default', 'third')).revisions.length === 2,
    'both revisions of the automatic endpoint',
  )
  expect(await other()).toMatchObject({ state: 'empty', revisions: [], release: null })
  await control.serving.releases.start(user, 'default', 'other', { version: 1 })
  await eventually(async () => (await other()).release?.state === 'finished', 'the release that was asked for')
  expect((await other()).traffic).toMatchObject([{ version: 1, percent: 100 }])
})

test('deploys uploaded files in one call, the same again as the same version', async () => {
  const { readFile } = await import('node:fs/promises')
  const upload = async (path: string) => {
    const answer = await fetch(`${control.address}/api/v1/projects/default/uploads`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: await readFile(new URL(`../fixtures/models/${path}`, import.meta.url)),
    })
    expect(answer.status).toBe(200)
    return ((await answer.json()) as { digest: string }).digest
  }
  const files = {
    'model.onnx': await upload('delay-1/model.onnx'),
    'kedge-model.json': await upload('delay-1/kedge-model.json'),
  }
  const first = await post(`${control.address}/api/v1/projects/default/deploy`, { name: 'fresh', files })
  expect(first).toMatchObject({
    status: 200,
    body: {
      endpoint: 'fresh',
      version: 1,
      revision: 1,
      state: 'ready',
      addresses: { http: inference.addresses!.http },
    },
  })
  expect((first.body as { features: unknown[] }).features).toHaveLength(3)
  const again = await post(`${control.address}/api/v1/projects/default/deploy`, { name: 'fresh', files })
  expect(again).toMatchObject({ status: 200, body: { version: 1, revision: 1 } })
  const answer = await post(`${inference.addresses!.http}/endpoints/fresh/predict`, {
    instances: [{ features: instances[0] }],
  })
  expect(answer.status).toBe(200)
  const shown = await fetch(`${control.address}/api/v1/projects/default/endpoints/fresh`)
  expect(shown.status).toBe(200)
  expect(await shown.json()).toMatchObject({
    name: 'fresh',
    state: 'ready',
    task: 'binary',
    traffic: [{ revision: 1, percent: 100 }],
  })
})
