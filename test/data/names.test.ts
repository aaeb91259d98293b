import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { by, type OpenedData, openData, project } from './open-data.ts'

let data: OpenedData
beforeAll(async () => {
  data = await openData()
})
afterAll(() => data.close())

const names = [
  ...['n', 'origin', 'copy', 'verdict', 'row', 'value', 'bin', 'layer', 'key', 'x', 'cursor', 'at', 'start', 'rows'],
  ...['v', 'h', 'g', 'side', 'k0', 'c0', 'na', 'nb', 'changed', 'count0', 'distinct0', 'row_count', 'position'],
]
const file = (name: string, rows: object[]) => {
  const path = join(data.folder, `${name}.jsonl`)
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return { kind: 'jsonl', path }
}
const rowsOf = (change: number) =>
  Array.from({ length: 60 }, (_, i) => ({
    time: new Date(Date.UTC(2026, 0, 1 + i)).toISOString(),
    id: i,
    ...Object.fromEntries(
      names.map((name, at) => [name, at % 3 === 0 ? `${name}${i % 5}` : i === 7 ? 9000 : (i % 7) + change]),
    ),
  }))

test('columns may have the names that statements use for their own', async () => {
  const spec = {
    curate: [{ cast: { time: 'time' } }, { deduplicate: ['id'] }, { outliers: { column: 'n', factor: 50 } }],
    expect: [{ unique: 'id' }, { not_null: 'n' }, { in_set: { column: 'n', values: ['none'] }, severity: 'warn' }],
  }
  const spare = names.find((_, at) => at % 3 !== 0)!
  spec.curate[2] = { outliers: { column: spare, factor: 50 } }
  const first = await data.make(file('first', rowsOf(0)), spec)
  expect(first.counts).toMatchObject({ read: 60, kept: 59, quarantined: 1 })
  expect(first.profile.columns.map(({ name, count }) => [name, count])).toEqual(
    ['time', 'id', ...names].map((name) => [name, 59]),
  )
  expect(first.profile.columns.find(({ name }) => name === 'n')!.categories![0]).toEqual({ value: 'n0', count: 12 })
  expect(first.expectations.find(({ kind }) => kind === 'in_set')!.evidence!.rows[0]).toMatchObject({ row: 0 })

  const second = await data.make(file('second', rowsOf(1)), spec)
  const diff = await data.datasets.diff(project, 'rows', first.version, second.version, ['id'])
  expect(diff.keys).toMatchObject({ changed: 59, columns: { [spare]: 59 } })
  expect((await data.datasets.diff(project, 'rows', first.version, second.version)).rows.common).toBe(0)
  for (const column of ['n', 'layer', 'bin', 'v', 'row']) {
    const preview = await data.drafts.preview(project, { from: 'input', ...spec }, { column })
    expect(preview.quarantine).toMatchObject([{ row: 7, step: 3 }])
    expect(preview.steps[3]!.histogram!.after.reduce((sum, n) => sum + n, 0)).toBe(59)
  }
})

test('an incremental column may be called cursor', async () => {
  const path = join(data.folder, 'growing.db')
  const database = new DatabaseSync(path)
  database.exec('CREATE TABLE t (n INTEGER, cursor INTEGER); INSERT INTO t VALUES (5, 1), (6, 2), (7, 3)')
  database.close()
  await data.sources.put(by, project, 'growing', { kind: 'sqlite', path, table: 't', incremental: 'cursor' })
  await data.datasets.put(by, project, 'grown', { from: 'growing', mode: 'incremental' })
  expect((await data.datasets.materialiseNow(by, { project, dataset: 'grown' })).rowCount).toBe(3)
})

test('names that begin with two underscores are refused, with the name', async () => {
  await expect(data.make(file('own', [{ id: 1, __n: 2 }]))).rejects.toThrow(/cannot be named __n; names that begin/)
  await expect(data.make(file('plain', [{ id: 1 }]), { curate: [{ rename: { id: '__id' } }] })).rejects.toThrow(
    /cannot be named __id/,
  )
})
