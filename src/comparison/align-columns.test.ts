import { expect, test } from 'vitest'
import { alignColumns } from './align-columns.ts'
import type { Table } from './table.ts'

const wide = (columns: number): Table => ({
  file: { path: '/t.parquet', name: 't.parquet', format: 'parquet', compressed: false, bytes: 1 },
  sql: '',
  rows: 1,
  columns: Array.from({ length: columns }, (_, i) => ({
    name: `c${i}`,
    type: 'Float64',
    kind: 'number',
    asText: false,
  })),
  notes: [],
})

test('a comparison of too many columns is refused, a few columns of as wide a file are compared', () => {
  const table = wide(100_000)
  expect(() => alignColumns(table, table, {})).toThrow('A comparison of 100000 columns')
  expect(alignColumns(table, table, { columns: ['c1', 'c99999'] }).columns.map(({ name }) => name)).toEqual([
    'c1',
    'c99999',
  ])
})
