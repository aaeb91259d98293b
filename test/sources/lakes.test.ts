import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OpenedData, openData, project } from '../data/open-data.ts'
import { pythonEnvironment, runPythonFile } from '../servers/python-env.ts'
import { failure } from './failure.ts'

interface Truth {
  delta: number[]
  iceberg: number[]
  snapshots: string[]
}
let data: OpenedData
let python: string
beforeAll(async () => {
  data = await openData()
  python = await pythonEnvironment(join(import.meta.dirname, 'requirements.lock'))
}, 120_000)
afterAll(() => data.close())

const step = async (name: string): Promise<Truth> => {
  return JSON.parse(await runPythonFile(python, join(import.meta.dirname, 'lakes.py'), data.folder, name))
}
const idsOf = async (source: object, spec: object = {}) => {
  const version = await data.make(source, spec)
  const { rows } = await data.datasets.rows(project, 'rows', version.version, { limit: 1000 })
  const column = version.schema.findIndex(({ name }) => name === 'id')
  return rows.map((row) => Number(row[column])).sort((a, b) => a - b)
}
const twenty = Array.from({ length: 20 }, (_, i) => i)

test('Delta and Iceberg: what their own readers read, at every version, whole and by what is new', async () => {
  const [delta, iceberg] = [
    { kind: 'delta', path: join(data.folder, 'delta') },
    { kind: 'iceberg', path: join(data.folder, 'warehouse/n/t') },
  ]
  const first = await step('first')
  expect(first.delta).toEqual(twenty)
  for (const source of [delta, iceberg]) {
    expect(await idsOf(source)).toEqual(twenty)
    expect(await idsOf(source, { mode: 'incremental' })).toEqual(twenty)
  }
  const version = await data.make(delta)
  expect(version.schema).toContainEqual({ name: 'part', type: 'int' })

  const second = await step('delete')
  expect(await idsOf(delta)).toEqual(second.delta)
  expect(await idsOf(iceberg)).toEqual(second.iceberg)
  expect(second.iceberg).toEqual(twenty.slice(5))
  for (const source of [delta, iceberg]) expect(await idsOf(source, { mode: 'incremental' })).toEqual(twenty.slice(5))
  expect(await idsOf({ ...delta, version: 0 })).toEqual(twenty.slice(0, 10))
  expect(await idsOf({ ...iceberg, snapshot: second.snapshots[0] })).toEqual(twenty.slice(0, 10))
  expect(await failure(data.make({ ...delta, version: 9 }))).toMatchObject({ code: 'not_found' })
  expect(await failure(data.make({ ...iceberg, snapshot: '1' }))).toMatchObject({ code: 'not_found' })

  const third = await step('checkpoint')
  const log = join(data.folder, 'delta/_delta_log')
  rmSync(join(log, `${'0'.repeat(20)}.json`))
  expect(await idsOf(delta)).toEqual(third.delta)
  expect(await failure(data.make({ ...delta, version: 1 }))).toMatchObject({
    code: 'source_unreadable',
    message: expect.stringMatching(/lacks version 0/),
  })

  const newest = join(
    log,
    readdirSync(log)
      .filter((name) => /^\d+\.json$/.test(name))
      .sort()
      .at(-1)!,
  )
  const whole = readFileSync(newest, 'utf8')
  writeFileSync(newest, whole.replace('"path":"', '"path":"../../'))
  expect(await failure(data.make(delta))).toMatchObject({
    code: 'source_unreadable',
    message: expect.stringMatching(/outside of its folder/),
  })
  writeFileSync(newest, whole.replace('"add":{', '"add":{"deletionVector":{"storageType":"u"},'))
  expect(await failure(data.make(delta))).toMatchObject({ message: expect.stringMatching(/deletion vector/) })
  writeFileSync(newest, whole.slice(0, whole.length >> 1))
  expect(await failure(data.make(delta))).toMatchObject({
    code: 'source_unreadable',
    message: expect.stringMatching(/line \d+ of \d+\.json/),
  })
}, 120_000)
