import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { by, type OpenedData, openData, project } from './open-data.ts'

const hour = 3_600_000
const newest = Date.UTC(2026, 0, 2)
let now = newest + hour
let data: OpenedData
const file = () => join(data.folder, 'a.csv')
const board = async () => (await data.freshness(project))[0]!

beforeAll(async () => {
  data = await openData({ clock: () => now })
  data.environment.jobs.start()
  writeFileSync(file(), 'id,at\n1,2026-01-01T00:00:00Z\n2,2026-01-02T00:00:00Z\n')
  await data.sources.put(by, project, 'rows', { kind: 'csv', path: file() })
})
afterAll(() => data.close())

const declare = (spec: object) => data.datasets.put(by, project, 'rows', { from: 'rows', time: 'at', ...spec })
async function pull() {
  const { jobId } = await data.datasets.materialise(by, project, 'rows')
  await data.environment.jobs.wait(jobId).catch(() => {})
}

test('a dataset is never, then fresh, then late by the clock, by the strictest of what is declared', async () => {
  await declare({
    contract: { owner: 'ops@example.org', freshness: '36h' },
    expect: [{ freshness: { column: 'at', within: '12h' } }],
  })
  expect(await board()).toMatchObject({
    dataset: 'rows',
    kind: 'csv',
    owner: 'ops@example.org',
    state: 'never',
    pulledAt: null,
  })
  await pull()
  expect(await board()).toMatchObject({
    state: 'fresh',
    version: 1,
    pulledAt: now,
    newestAt: newest,
    within: 12 * hour,
    declaredIn: 'expectation',
    failures: 0,
    lastFailure: null,
    stream: null,
  })
  now = newest + 13 * hour
  expect(await board()).toMatchObject({ state: 'late' })
  await declare({ contract: { owner: 'ops@example.org', freshness: '36h' } })
  expect(await board()).toMatchObject({ state: 'fresh', within: 36 * hour, declaredIn: 'contract' })
  await declare({})
  expect(await board()).toMatchObject({ state: 'unknown', within: null, owner: null })
})

test('pulls that fail in a row are counted until one succeeds', async () => {
  writeFileSync(file(), 'other\n1\n')
  await pull()
  await pull()
  expect(await board()).toMatchObject({
    failures: 2,
    lastFailure: { code: 'invalid_input', message: expect.stringContaining('at') },
    version: 1,
  })
  writeFileSync(file(), 'id,at\n1,2026-01-01T00:00:00Z\n3,2026-01-02T00:00:00Z\n')
  await pull()
  expect(await board()).toMatchObject({ failures: 0, lastFailure: null, version: 2 })
})
