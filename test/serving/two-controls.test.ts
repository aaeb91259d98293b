import { afterAll, beforeAll, expect, test } from 'vitest'
import type { InferenceSupervisor } from '../../src/serving/inference-supervisor.ts'
import { openPostgres } from '../../src/storage/sql/postgres.ts'
import { type PostgresServer, startPostgres } from '../servers/postgres.ts'
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
let postgres: PostgresServer
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
const controls: Control[] = []
const processes: InferenceSupervisor[] = []

beforeAll(async () => {
  postgres = await startPostgres()
  directory = await temporaryDirectory()
  const url = await postgres.createDatabase('serving')
  for (const name of ['a', 'b']) {
    const control = await startControl(`${directory.path}/${name}`, {
      store: () => openPostgres(url, Date.now),
      blobs: `${directory.path}/blobs`,
    })
    controls.push(control)
    processes.push(await startInference(control.address, `${directory.path}/inference-${name}`))
  }
})
afterAll(async () => {
  for (const one of processes) await one.stop()
  for (const one of controls) await one.stop()
  await postgres?.stop()
  await directory?.remove()
})

test('two control processes on PostgreSQL share a release: both inference processes count, every step happens once', async () => {
  const [first, second] = controls as [Control, Control]
  await first.version('delay', 'delay-1')
  await second.version('delay', 'delay-2')
  await first.serving.endpoints.put(user, 'default', 'delay', {
    model: 'delay',
    release: { shadow: 100, canary: [20], samples: 60 },
  })
  await second.serving.deploy(user, 'default', { name: 'delay', model: 'delay/1' })
  const seen = () => second.serving.endpoints.get('default', 'delay')
  await eventually(async () => {
    const revision = (await seen()).revisions[0]!
    return revision.instances.filter((instance) => instance.state === 'ready').length === 2
  }, 'both inference processes have it')
  await first.environment.journal.change({ actor: 'test' }, async (change) => {
    change.append({
      type: 'gate.passed',
      project: 'default',
      subject: 'model_version/delay@2',
      data: { model: 'delay', version: 2, champion: 1, result: 1, reasons: [] },
    })
  })
  await eventually(async () => (await seen()).release?.version === 2, 'the release')
  let sent = 0
  await eventually(
    async () => {
      for (const { addresses } of processes) {
        const batch = Array.from({ length: 25 }, () => ({
          id: `p-${sent++}`,
          features: instances[sent % instances.length],
        }))
        expect((await post(`${addresses!.http}/endpoints/delay/predict`, { instances: batch })).status).toBe(200)
      }
      return (await seen()).release?.state !== 'running'
    },
    'the end of the release',
    40_000,
  )
  expect((await seen()).release).toMatchObject({ state: 'finished', version: 2 })
  const count = async (type: string, subject?: string) =>
    (await second.environment.journal.read({ types: [type], ...(subject ? { subject } : {}) })).length
  const id = (await seen()).release!.id
  expect(await count('release.started', `release/${id}`)).toBe(1)
  expect(await count('release.advanced', `release/${id}`)).toBe(1)
  expect(await count('release.finished', `release/${id}`)).toBe(1)
  expect(await second.registry.aliases.resolve('default', 'delay', 'champion')).toBe(2)
  const counted = (await seen()).revisions.reduce((sum, revision) => sum + revision.live.predictions, 0)
  await eventually(
    async () => (await seen()).revisions.reduce((sum, revision) => sum + revision.live.predictions, 0) === sent,
    `${sent} counted, not ${counted}`,
  )
  await first.environment.journal.verify()
})
