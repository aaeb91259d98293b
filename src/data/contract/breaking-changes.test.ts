import { expect, test } from 'vitest'
import type { Column } from '../../contracts/column.ts'
import type { DatasetSpec } from '../dataset-spec.ts'
import { breakingChanges } from './breaking-changes.ts'
import { dataContract } from './data-contract.ts'
import { promised } from './promised.ts'

const spec = (changes: Partial<DatasetSpec> = {}): DatasetSpec => ({
  from: 's',
  mode: 'full',
  curate: [],
  expect: [],
  ...changes,
})
const columns = (types: Record<string, Column['type']>) => Object.entries(types).map(([name, type]) => ({ name, type }))
const contract = (changes: object = {}) =>
  dataContract.parse({
    owner: 'data@example.org',
    columns: { id: { type: 'int', required: true, unique: true, meaning: 'our number' }, day: { type: 'date' } },
    freshness: '24h',
    ...changes,
  })

test('columns that go or become another type break; new ones do not', () => {
  const before = { spec: spec(), columns: columns({ a: 'int', b: 'text', c: 'text' }) }
  expect(breakingChanges(before, { spec: spec(), columns: columns({ a: 'float', b: 'text', d: 'text' }) })).toEqual([
    'a becomes float; it was int',
    'the column c goes',
  ])
  expect(breakingChanges(before, { spec: spec(), columns: undefined })).toEqual([])
})

test('promises that get weaker break; that get stronger do not', () => {
  const before = {
    spec: spec({ contract: contract(), time: 'day', expect: [{ row_count: { min: 1 } }] }),
    columns: undefined,
  }
  const after = (changes: object, rest: Partial<DatasetSpec> = {}) =>
    breakingChanges(before, {
      spec: spec({ time: 'day', expect: [{ row_count: { min: 1 } }], contract: contract(changes), ...rest }),
      columns: undefined,
    })
  expect(after({})).toEqual([])
  expect(after({ freshness: '12h', exact: true })).toEqual([])
  expect(after({ freshness: '2d' })).toEqual(['rows may be older: 2d; it was 24h'])
  expect(after({ columns: { id: { type: 'text', meaning: 'their number' } } })).toEqual([
    'the contract promises id as text; it was int',
    'id may be missing; it was promised in every row',
    'id may repeat; it was promised to be unique',
    'id means something else: "their number"; it was "our number"',
    'the contract no longer promises the column day',
  ])
  expect(after({}, { expect: [{ row_count: { min: 1 }, severity: 'warn' }] })).toEqual([
    'it is no longer checked: {"row_count":{"min":1}}',
  ])
  expect(after({}, { contract: undefined })).toEqual(['the contract goes'])
})

test('what a contract promises is expected of every version', () => {
  expect(promised(spec({ contract: contract(), time: 'day' }))).toEqual([
    { schema: { columns: { id: 'int', day: 'date' }, exact: false } },
    { not_null: ['id'] },
    { unique: ['id'] },
    { freshness: { column: 'day', within: '24h' } },
  ])
})
