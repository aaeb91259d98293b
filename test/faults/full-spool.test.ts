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
} from '../serving/stand.ts'

const user = { actor: 'user/test' }
const { instances } = expectedOf('delay-1')
const policies = ['answer', 'refuse'] as const
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let control: Control
let inference: InferenceSupervisor
const stored: string[] = []
let away = true
let sent = 0

beforeAll(async () => {
  directory = await temporaryDirectory()
  control = await startControl(`${directory.path}/control`, {
    ingest: async (_key, rows) => {
      if (away) throw new Error('the events store is away')
      stored.push(...rows.map(({ id }) => id))
    },
  })
  inference = await startInference(control.address, `${directory.path}/inference`, { spoolBytes: 20_000 })
  await control.version('delay', 'delay-1')
  for (const whenFull of policies) {
    await control.serving.endpoints.put(user, 'default', whenFull, { model: 'delay', record: { whenFull } })
    await control.serving.releases.start(user, 'default', whenFull, { version: 1 })
    await eventually(async () => (await endpoint(whenFull)).release?.state === 'finished', 'the release')
  }
})
afterAll(async () => {
  await inference?.stop()
  await control?.stop()
  await directory?.remove()
})

const endpoint = (name: string) => control.serving.endpoints.get('default', name)

async function predict(name: string) {
  const id = `p-${sent++}`
  const address = `${inference.addresses!.http}/endpoints/${name}/predict`
  return { id, ...(await post(address, { instances: [{ id, features: instances[0] }] })) }
}

test('when what is recorded has no place, an endpoint does as it declares: it answers and counts, or refuses', async () => {
  const acknowledged: string[] = []
  const full = await eventually(async () => {
    const answer = await predict('refuse')
    if (answer.status !== 200) return answer
    acknowledged.push(answer.id)
    return undefined
  }, 'a full spool')
  expect(full).toMatchObject({ status: 503, body: { error: { code: 'not_recorded', todo: expect.any(String) } } })
  const raw = await fetch(`${inference.addresses!.http}/endpoints/refuse/predict`, {
    method: 'POST',
    body: JSON.stringify({ instances: [{ features: instances[0] }] }),
  })
  expect(raw.headers.get('retry-after')).toBe('1')
  for (let i = 0; i < 3; i++) expect((await predict('answer')).status).toBe(200)
  await eventually(async () => (await endpoint('answer')).live.unrecorded === 3, 'the count of what was not recorded')
  await eventually(async () => (await endpoint('refuse')).live.refused === 2, 'the count of what was refused')
  expect((await endpoint('refuse')).live.unrecorded).toBe(0)
  expect(control.serving.reports.nodes()[0]!.spool).toMatchObject({ full: true, dropped: 3 })

  away = false
  await eventually(async () => {
    const answer = await predict('refuse')
    if (answer.status === 200) acknowledged.push(answer.id)
    return answer.status === 200
  }, 'an answer when there is space again')
  await eventually(() => acknowledged.every((id) => stored.includes(id)), 'every acknowledged prediction')
  expect([...new Set(stored)].sort()).toEqual(acknowledged.sort())
  await eventually(() => control.serving.reports.nodes()[0]!.spool.full === false, 'a spool that is not full')
})
