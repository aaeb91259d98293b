import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTrackingServer, type TrackingServer } from '../servers/tracking-server.ts'

let directory: string
let server: TrackingServer
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kedge-promotions-'))
  server = await startTrackingServer(directory, {
    identify: async (authorization) => ({ actor: `token/${authorization?.replace('Bearer ', '')}`, may: () => true }),
  })
})
afterAll(async () => {
  await server.stop()
  await rm(directory, { recursive: true, force: true })
})

const send = async (user: string, method: string, path: string, body?: unknown) => {
  const answer = await fetch(server.address + path, {
    method,
    headers: { authorization: `Bearer ${user}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  expect(answer.ok, await answer.clone().text()).toBe(true)
  return answer.json()
}

it('keeps of every move of an alias who moved it and why, whichever way it came', async () => {
  const mlflow = '/api/2.0/mlflow'
  const kedge = '/api/v1/projects/default/models/flowers'
  await send('ann', 'POST', `${mlflow}/registered-models/create`, { name: 'flowers' })
  for (let i = 0; i < 2; i++)
    await send('ann', 'POST', `${mlflow}/model-versions/create`, { name: 'flowers', source: 's3://bucket/model' })
  const alias = { name: 'flowers', alias: 'champion' }
  await send('ann', 'POST', `${mlflow}/registered-models/alias`, { ...alias, version: '1' })
  await send('bob', 'PUT', `${kedge}/aliases/champion`, { version: 2, reason: 'Fewer false alarms' })
  // where it is already: nothing moved
  await send('eve', 'POST', `${mlflow}/registered-models/alias`, { ...alias, version: '2' })
  await send('cy', 'DELETE', `${mlflow}/registered-models/alias`, alias)
  await server.registry.aliases.move({ actor: 'gate' }, 'default', 'flowers', 'champion', 1, 'It passed', { auc: 0.9 })
  await send('dan', 'DELETE', `${mlflow}/model-versions/delete`, { name: 'flowers', version: '1' })

  const { items } = (await send('ann', 'GET', `${kedge}/promotions`)) as { items: Record<string, unknown>[] }
  expect(items.map(({ actor, from, to, reason, evidence }) => [actor, from, to, reason, evidence])).toEqual([
    ['token/dan', 1, null, 'Version 1 was deleted', null],
    ['gate', null, 1, 'It passed', { auc: 0.9 }],
    ['token/cy', 2, null, "By MLflow's client", null],
    ['token/bob', 1, 2, 'Fewer false alarms', null],
    ['token/ann', null, 1, "By MLflow's client", null],
  ])
  const moves = (await server.journal.read({ limit: 100 })).filter((event) => event.type === 'alias.moved')
  expect(moves.map((event) => event.actor)).toEqual(['token/ann', 'token/bob', 'token/cy', 'gate', 'token/dan'])
})
