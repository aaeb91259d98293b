import { expect, test } from 'vitest'
import type { RoutedEndpoint, RoutedRevision } from '../routing.ts'
import { createCallLine } from './call-line.ts'
import type { ServedModel } from './loaded-models.ts'
import { createPseudonyms } from './pseudonyms.ts'
import { type ServedRevision, serveRevision } from './served-endpoint.ts'
import { createServedTable } from './served-table.ts'

const limits = { queue: 1, wait: 0, timeout: 1000 }
const revision = (number: number, traffic = 10_000): RoutedRevision => ({
  ...{ number, traffic, model: 'm', version: number, artifact: `a${number}`, kind: 'onnx', shadow: false },
})
const endpoint = (id: number, name: string, revisions: RoutedRevision[], project = 'default'): RoutedEndpoint => ({
  ...{ id, name, project, revisions, limits, record: 0, whenFull: 'answer', personal: {}, threshold: 0.5 },
  inputs: { unknownCategories: 'pass', ranges: 'pass' },
})
const model = {
  inputs: [],
  outputs: [],
  description: undefined,
  place: 'inline',
  chunk: null,
} as unknown as ServedModel
const serve = (of: RoutedEndpoint, one: RoutedRevision) =>
  serveRevision(of, one, model, createCallLine(model, limits, Date.now), { pseudonyms: createPseudonyms('') })

/** A table whose revisions are ready when the test says so. */
function heldTable() {
  const waiting = new Map<string, ((served: ServedRevision | undefined) => void)[]>()
  const table = createServedTable(
    (of, one) =>
      new Promise((resolve) => {
        const key = `${of.name}/${one.number}`
        waiting.set(key, [...(waiting.get(key) ?? []), (served) => resolve(served)])
        ready.set(key, () => serve(of, one))
      }),
  )
  const ready = new Map<string, () => ServedRevision>()
  const settle = async (key: string, works = true) => {
    for (const done of waiting.get(key) ?? []) done(works ? ready.get(key)!() : undefined)
    waiting.delete(key)
    await new Promise((done) => setImmediate(done))
  }
  return { table, settle }
}

test('an endpoint whose model is ready does not wait for another whose model is slow', async () => {
  const { table, settle } = heldTable()
  const applied = table.apply({
    version: '1',
    endpoints: [endpoint(1, 'slow', [revision(1)]), endpoint(2, 'quick', [revision(1)])],
  })
  await settle('quick/1')
  expect(table.find('quick')!.choose('x')!.number).toBe(1)
  expect(table.find('slow')).toBeUndefined()
  await settle('slow/1')
  expect(await applied).toBe(true)
  expect(table.find('default/slow')!.revisions).toHaveLength(1)
})

test('an endpoint goes on as it was until its new revision is ready, and when it never is', async () => {
  const { table, settle } = heldTable()
  const first = table.apply({ version: '1', endpoints: [endpoint(1, 'a', [revision(1)])] })
  await settle('a/1')
  await first
  const second = table.apply({ version: '2', endpoints: [endpoint(1, 'a', [revision(2)])] })
  expect(table.find('a')!.choose('x')!.number).toBe(1)
  await settle('a/2', false)
  expect(await second).toBe(true)
  expect(table.find('a')!.choose('x')!.number).toBe(1)
})

test('a newer routing decides, whichever is loaded last; what is no longer routed is gone at once', async () => {
  const { table, settle } = heldTable()
  const first = table.apply({
    version: '1',
    endpoints: [endpoint(1, 'a', [revision(1)]), endpoint(2, 'b', [revision(1)])],
  })
  await settle('b/1')
  const second = table.apply({ version: '2', endpoints: [endpoint(1, 'a', [revision(2)])] })
  expect(table.find('b')).toBeUndefined()
  await settle('a/2')
  expect(await second).toBe(true)
  await settle('a/1')
  expect(await first).toBe(false)
  expect(table.list().map(({ revisions }) => revisions.map(({ number }) => number))).toEqual([[2]])
})

test('a name of two projects is found with its project only', async () => {
  const { table, settle } = heldTable()
  void table.apply({
    version: '1',
    endpoints: [endpoint(1, 'a', [revision(1)]), endpoint(2, 'a', [revision(1)], 'other')],
  })
  await settle('a/1')
  expect(table.find('a')).toBeUndefined()
  expect(table.find('other/a')!.id).toBe(2)
})
