import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { by, type OpenedData, openData, project } from '../data/open-data.ts'
import { hour, type Known, knownByHand, type Row, view } from './known-by-hand.ts'

let data: OpenedData
beforeAll(async () => {
  data = await openData()
})
afterAll(() => data?.close())

const begin = Date.UTC(2024, 0, 1)
const cell = (value: unknown) => (value === null ? '' : String(value))

/** A dataset of the rows, as a new version. */
async function land(name: string, columns: string[], rows: readonly object[]) {
  const path = join(data.folder, `${name}.csv`)
  const lines = rows.map((row) =>
    columns
      .map((column) => {
        const value = (row as Record<string, unknown>)[column]
        return column === 'at' ? new Date(value as number).toISOString() : cell(value)
      })
      .join(','),
  )
  writeFileSync(path, `${columns.join(',')}\n${lines.join('\n')}\n`)
  await data.sources.put(by, project, name, { kind: 'csv', path })
  await data.datasets.put(by, project, name, { from: name, time: 'at' })
  return data.datasets.materialiseNow(by, { project, dataset: name })
}

const made = async (name: string, version: number) => {
  const { columns, rows } = await data.datasets.rows(project, name, version, { limit: 1000 })
  return rows.map((row) => Object.fromEntries(row.map((value, i) => [columns[i]!.name, value])))
}

// few customers and few times, so that rows share them with each other and with labels
const at = fc.integer({ min: 0, max: 32 }).map((quarter) => begin + (quarter * hour) / 4)
const row = fc.record<Row>({
  customer: fc.constantFrom('a', 'b', 'c', null),
  at,
  amount: fc.option(fc.integer({ min: -500, max: 500 }).map((cents) => cents / 4)),
  shop: fc.constantFrom('x', 'y', 'z', null),
})
const label = fc.record({ customer: fc.constantFrom('a', 'b', 'd', null), at })

test('every label has what was known at its time: the same as row by row', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { minLength: 3, maxLength: 40 }),
      fc.array(label, { minLength: 2, maxLength: 25 }),
      async (rows, labels) => {
        // one row of each type at least
        const all = [{ customer: 'a', at: begin, amount: 0.25, shop: 'x' }, ...rows]
        await land('purchases', ['customer', 'at', 'amount', 'shop'], all)
        await land(
          'labels',
          ['id', 'customer', 'at'],
          [{ id: 0, customer: 'a', at: begin }, ...labels.map((one, i) => ({ id: i + 1, ...one }))],
        )
        await data.features.views.put(by, project, 'activity', { from: 'purchases', ...view })
        const version = await data.features.trainingSet(by, {
          project,
          name: 'training',
          spec: { labels: 'labels', features: ['activity'], keys: {} },
        })
        for (const found of await made('training', version.version)) {
          const known = knownByHand(all, (found.customer as string | null) || null, found.at as number)
          for (const [name, value] of Object.entries(known)) {
            const got = found[name as keyof Known]
            if (typeof value === 'number' && typeof got === 'number')
              expect(got, `${name} of label ${found.id}`).toBeCloseTo(value, 9)
            else expect(got, `${name} of label ${found.id}`).toEqual(value)
          }
        }
        expect(version.rowCount).toBe(labels.length + 1)
      },
    ),
    { numRuns: 5, seed: 8 },
  )
}, 120_000)

test('the same inputs give the same version, and the version knows what it was made of', async () => {
  const spec = { labels: 'labels', features: ['activity.n'], keys: {} }
  const first = await data.features.trainingSet(by, { project, name: 'few', spec })
  expect((await data.features.trainingSet(by, { project, name: 'few', spec })).version).toBe(first.version)
  expect(first.schema.map(({ name }) => name)).toEqual(['id', 'customer', 'at', 'n'])
  expect(first.sources.map(({ kind, name }) => `${kind} ${name.split('@')[0]}`)).toEqual([
    'dataset labels',
    'dataset purchases',
    'feature_view activity',
  ])
  // a declared one is made like a dataset
  await data.features.trainingSets.put(by, project, 'declared', { labels: 'labels', features: ['activity'] })
  const made = await data.datasets.materialiseNow(by, { project, dataset: 'declared', from: begin, to: begin + hour })
  expect(made.window).toEqual({ from: begin, to: begin + hour })
})

test('what is wrong is named, with what was probably meant', async () => {
  const wanted = (features: string[]) =>
    data.features.trainingSet(by, { project, name: 'wrong', spec: { labels: 'labels', features, keys: {} } })
  await expect(wanted(['activty'])).rejects.toThrow('there is no feature view activty; did you mean activity?')
  await expect(wanted(['activity.lst_shop'])).rejects.toThrow('has no feature lst_shop; did you mean last_shop?')
  const columns = (await data.datasets.latest(project, 'purchases'))!.schema
  expect(
    data.features.checkView(
      { from: 'purchases', entity: 'custmer', time: 'shop', features: { a: 'amout', s: { sum: 'shop', over: '1h' } } },
      columns,
      undefined,
    ),
  ).toEqual([
    { path: ['entity'], what: expect.stringContaining('did you mean customer?') },
    { path: ['time'], what: 'the column shop is text, not a time' },
    { path: ['features', 'a'], what: expect.stringContaining('did you mean amount?') },
    { path: ['features', 's'], what: 'sum needs a number, and "shop" is text' },
  ])
})
