import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { type Kedge, startKedge } from '../../src/main.ts'

let directory: string
let kedge: Kedge

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kedge-first-use-'))
  kedge = await startKedge(readConfig({ port: 0, data: directory, logLevel: 'silent', roles: ['control'] }), silentLog)
})
afterAll(async () => {
  await kedge?.stop()
  await rm(directory, { recursive: true, force: true })
})

const post = async (path: string, body: object) =>
  (await fetch(`${kedge.address}${path}`, { method: 'POST', body: JSON.stringify(body) })).status
const projects = async () => {
  const { items } = (await (await fetch(`${kedge.address}/api/v1/projects`)).json()) as { items: { name: string }[] }
  return items.map(({ name }) => name)
}

test('a project is there once something was written into it, by any protocol, not because somebody asked', async () => {
  expect(await post('/mlflow/asked/api/2.0/mlflow/runs/search', { experiment_ids: ['0'] })).toBe(200)
  expect((await fetch(`${kedge.address}/mlflow/asked/api/2.0/mlflow/experiments/get?experiment_id=0`)).status).toBe(200)
  expect(await post('/mlflow/refused/api/2.0/mlflow/experiments/create', { name: '' })).toBe(400)
  expect(await projects()).toEqual([])

  expect(await post('/api/2.0/mlflow/runs/create', { experiment_id: '0' })).toBe(200)
  expect(await post('/mlflow/flights/api/2.0/mlflow/runs/create', { experiment_id: '0' })).toBe(200)
  expect(await post('/mlflow/flights/api/2.0/mlflow/runs/create', { experiment_id: '0' })).toBe(200)
  expect(await projects()).toEqual(['default', 'flights'])
})

test('the address that MLflow’s client prints leads to the project’s pages', async () => {
  const answer = await fetch(`${kedge.address}/mlflow/flights/`, { redirect: 'manual' })
  expect([answer.status, answer.headers.get('location')]).toEqual([302, '/projects/flights'])
})
