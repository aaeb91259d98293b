import { afterEach, beforeEach, expect, test } from 'vitest'
import type { InferenceSupervisor } from '../../src/serving/inference-supervisor.ts'
import { partOf, processTree } from '../loop/process-tree.ts'
import { type Control, eventually, expectedOf, startControl, startInference, temporaryDirectory } from './stand.ts'

const user = { actor: 'user/test' }
const { instances } = expectedOf('delay-1')
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let control: Control | undefined
let inference: InferenceSupervisor | undefined

beforeEach(async () => {
  directory = await temporaryDirectory()
  control = await startControl(`${directory.path}/control`)
  inference = await startInference(control.address, `${directory.path}/inference`)
  await control.version('delay', 'delay-1')
  await control.serving.endpoints.put(user, 'default', 'delay', { model: 'delay' })
  await control.serving.releases.start(user, 'default', 'delay', { version: 1 })
  await eventually(
    async () => (await control!.serving.endpoints.get('default', 'delay')).state === 'ready',
    'the endpoint',
  )
})
afterEach(async () => {
  await inference?.stop()
  await control?.stop()
  await directory?.remove()
})

/** Clients that predict without pause until told; what was answered is `acknowledged`. */
function load(address: () => string, clients: number) {
  const acknowledged: string[] = []
  let going = true
  let failed = 0
  const client = async (name: number) => {
    for (let i = 0; going; i++) {
      const rows = Array.from({ length: 1 + (i % 3) }, (_, k) => ({
        id: `${name}-${i}-${k}`,
        features: instances[(i + k) % instances.length],
      }))
      try {
        const answer = await fetch(`${address()}/endpoints/delay/predict`, {
          method: 'POST',
          body: JSON.stringify({ instances: rows }),
        })
        if (answer.status === 200) {
          await answer.json()
          acknowledged.push(...rows.map((row) => row.id))
        } else failed++
      } catch {
        failed++
        await new Promise((done) => setTimeout(done, 20))
      }
    }
  }
  const all = Promise.all(Array.from({ length: clients }, (_, name) => client(name)))
  return {
    acknowledged,
    async stop() {
      going = false
      await all
      return { failed }
    },
  }
}

/** Each exactly once, waiting for what is still on its way. */
async function expectOnRecordOnce(acknowledged: readonly string[]) {
  const counts = await eventually(
    () => {
      const found = new Map<string, number>()
      for (const row of control!.recorded) found.set(row.id, (found.get(row.id) ?? 0) + 1)
      return acknowledged.every((id) => found.has(id)) && found
    },
    'the record of all that was acknowledged',
    30_000,
  )
  expect([...counts].filter(([, count]) => count !== 1)).toEqual([])
}

test('no acknowledged prediction is missing from the record or there twice when the process is killed under load', async () => {
  const { http } = inference!.addresses!
  const clients = load(() => http, 8)
  const kills = Number(process.env.KEDGE_TEST_KILLS ?? 8)
  for (let kill = 0; kill < kills; kill++) {
    await eventually(() => inference!.addresses !== undefined, 'the process')
    await new Promise((done) => setTimeout(done, 100 + 400 * Math.random()))
    process.kill(inference!.pid!, 'SIGKILL')
    await eventually(() => inference!.restarts > kill, 'the restart')
  }
  const before = clients.acknowledged.length
  await eventually(() => clients.acknowledged.length > before + 100, 'service after the last kill')
  await clients.stop()
  expect(clients.acknowledged.length).toBeGreaterThan(200)
  await expectOnRecordOnce(clients.acknowledged)
})

test('without control it goes on serving, also after its own restart, and ships later', async () => {
  const port = Number(new URL(control!.address).port)
  const { http } = inference!.addresses!
  const clients = load(() => http, 4)
  await eventually(() => clients.acknowledged.length > 50)
  await control!.stop()
  const recordedBefore = control!.recorded
  const away = clients.acknowledged.length
  await eventually(() => clients.acknowledged.length > away + 200, 'predictions without control')
  process.kill(inference!.pid!, 'SIGKILL')
  await eventually(() => inference!.restarts === 1 && inference!.addresses !== undefined, 'the restart')
  const restarted = clients.acknowledged.length
  await eventually(() => clients.acknowledged.length > restarted + 200, 'predictions after a restart without control')
  control = await startControl(`${directory.path}/control`, { port })
  control.recorded.unshift(...recordedBefore)
  await eventually(() => clients.acknowledged.length > restarted + 400)
  const { failed } = await clients.stop()
  // only what was in flight or came while the process was down
  expect(failed).toBeLessThan(400)
  await expectOnRecordOnce(clients.acknowledged)
  await eventually(
    async () => (await control!.serving.endpoints.get('default', 'delay')).state === 'ready',
    'reports again',
  )
})

test('a process that outlived control drains for the next one', async () => {
  const pid = inference!.pid!
  const next = await startInference(control!.address, `${directory.path}/inference`)
  expect(next.pid).not.toBe(pid)
  expect(() => process.kill(pid, 0)).toThrow()
  await next.stop()
})

test('a process that is killed on its way up is started again', async () => {
  const starting = startInference(control!.address, `${directory.path}/second`)
  const before = inference!.pid
  const child = await eventually(
    () => processTree(process.pid).find((one) => partOf(one) === 'inference' && one.pid !== before),
    'the process that starts',
  )
  process.kill(child.pid, 'SIGKILL')
  const next = await starting
  expect(next.pid).not.toBe(child.pid)
  expect((await fetch(`${next.addresses!.http}/v2/health/live`)).status).toBe(200)
  await next.stop()
})

test('a new revision comes and goes without a failed request', async () => {
  await control!.version('delay', 'delay-2')
  const { http } = inference!.addresses!
  const clients = load(() => http, 6)
  for (const version of [2, 1, 2, 1]) {
    await control!.serving.deploy(user, 'default', { name: 'delay', model: `delay/${version}` })
    const seen = clients.acknowledged.length
    await eventually(() => clients.acknowledged.length > seen + 100)
  }
  expect(await clients.stop()).toEqual({ failed: 0 })
  await expectOnRecordOnce(clients.acknowledged)
})
