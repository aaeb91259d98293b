import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { by, type OpenedData, openData, project } from './open-data.ts'

let data: OpenedData
const file = () => join(data.folder, 'a.csv')
const write = (extra = '') =>
  writeFileSync(file(), `id,day\n1,2001-01-01\n2,soon\n3,later\n4,2001-01-02\n-5,2001-01-02\n${extra}`)
const source = () => ({ kind: 'csv', path: file(), columns: { day: 'date' } })
const spec = { curate: [{ check: { that: 'id > 0' } }] }
const page = (filter = {}, version: number | string = 'latest') =>
  data.discards.page(project, 'rows', version, { limit: 10, offset: 0, ...filter })

beforeAll(async () => {
  data = await openData()
  write()
  await data.make(source(), spec)
})
afterAll(() => data.close())

test('rows are told apart by reason, step and what became of them', async () => {
  const all = await page()
  expect(all).toMatchObject({
    columns: ['id', 'day'],
    total: 3,
    counts: { open: 3, corrected: 0, discarded: 0 },
    reasons: [
      { step: 0, operation: 'read', reason: 'day is not a date', rows: 2, open: 2 },
      { step: 1, operation: 'check', reason: 'not: id > 0', rows: 1, open: 1 },
    ],
  })
  expect(all.items.map(({ row, values, value, state }) => [row, values, value, state])).toEqual([
    [1, ['2', 'soon'], 'soon', 'open'],
    [2, ['3', 'later'], 'later', 'open'],
    [4, ['-5', '2001-01-02'], null, 'open'],
  ])
  expect((await page({ step: 1 })).items.map(({ row }) => row)).toEqual([4])
  expect(await page({ reason: 'day is not a date', limit: 1, offset: 1 })).toMatchObject({
    total: 2,
    items: [{ row: 2 }],
  })
})

test('a discarded row stays discarded in the versions that come, with who decided and why', async () => {
  expect(await data.discards.discard(by, project, 'rows', 1, { rows: [2] }, 'a test of the device')).toEqual({
    rows: 1,
  })
  expect(await page({ state: 'discarded' })).toMatchObject({ total: 1, items: [{ row: 2 }], counts: { open: 2 } })
  write('6,never\n')
  await data.make(source(), spec)
  expect(await page()).toMatchObject({ counts: { open: 3, discarded: 1 } })
  expect(await data.discards.list(project, 'rows')).toMatchObject([
    { version: 1, original: { id: '3', day: 'later' }, why: 'a test of the device', actor: by.actor },
  ])
})

test('all rows of a reason are discarded at once, in that version; corrected ones stay corrected', async () => {
  await data.quarantine.correct(by, project, 'rows', 2, [{ row: 1, values: { day: '2001-01-03' } }])
  expect(
    await data.discards.discard(by, project, 'rows', 2, { step: 0, reason: 'day is not a date' }, 'known'),
  ).toEqual({
    rows: 1,
  })
  expect(await page({}, 2)).toMatchObject({ counts: { open: 1, corrected: 1, discarded: 2 } })
  expect(await page({}, 1)).toMatchObject({ counts: { open: 1, corrected: 1, discarded: 1 } })
})

test('a decision is taken back; what is not there cannot be decided', async () => {
  const last = (await data.discards.list(project, 'rows')).at(-1)!
  await data.discards.withdraw(by, project, 'rows', last.id)
  expect(await page({}, 2)).toMatchObject({ counts: { open: 2, discarded: 1 } })
  await expect(data.discards.withdraw(by, project, 'rows', last.id)).rejects.toMatchObject({ code: 'not_found' })
  await expect(data.discards.discard(by, project, 'rows', 1, { rows: [0] }, 'x')).rejects.toMatchObject({
    code: 'not_found',
  })
  await expect(data.discards.discard(by, project, 'rows', 1, { rows: [0, 2] }, 'x')).rejects.toMatchObject({
    code: 'not_found',
  })
})

test('the original bytes of what is no text are kept', async () => {
  writeFileSync(
    join(data.folder, 'b.csv'),
    Buffer.concat([Buffer.from('id,name\n1,ada\n2,b'), Buffer.from([0xff, 0xfe]), Buffer.from('b\n')]),
  )
  await data.make({ kind: 'csv', path: join(data.folder, 'b.csv') }, {})
  const { columns, items } = await page()
  expect(columns).toEqual(['id', 'name'])
  expect(items).toMatchObject([
    { reason: 'name is not valid UTF-8', bytes: { name: '62FFFE62' }, values: ['2', 'b\uFFFDb'] },
  ])
})
