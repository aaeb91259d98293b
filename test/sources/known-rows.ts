import type { Column } from '../../src/contracts/column.ts'

/** The rows that every kind of source is tested with: one of everything, missing values, other scripts, quotes, line ends. */
export interface KnownRow {
  id: number
  name: string | null
  amount: number | null
  day: string | null
  at: string
}

export const knownRows: KnownRow[] = [
  { id: 1, name: 'plain', amount: 1.5, day: '2001-01-01', at: '2001-01-01T10:00:00Z' },
  { id: 2, name: 'with, comma "and quotes"', amount: -2, day: '2001-01-31', at: '2001-01-31T23:59:59Z' },
  { id: 3, name: null, amount: null, day: null, at: '2001-02-01T00:00:00Z' },
  { id: 4, name: 'Größe 日本 😀', amount: 1e-7, day: '2001-02-28', at: '2001-02-15T12:30:00Z' },
  { id: 5, name: "it's\ntwo lines; \\ slash", amount: 12345678.25, day: '2024-02-29', at: '2001-03-01T00:00:00Z' },
]

/** What a dataset makes of them, with the casts that a kind needs. */
export const knownSchema: Column[] = [
  { name: 'id', type: 'int' },
  { name: 'name', type: 'text' },
  { name: 'amount', type: 'float' },
  { name: 'day', type: 'date' },
  { name: 'at', type: 'time' },
]

export const knownValues = knownRows.map((row) => [
  row.id,
  row.name,
  row.amount,
  row.day === null ? null : Date.parse(row.day),
  Date.parse(row.at),
])

const csvField = (value: string | number | null) =>
  value === null ? '' : typeof value === 'number' ? String(value) : `"${value.replace(/"/g, '""')}"`
export const asCsv = (rows: readonly KnownRow[], separator = ',') =>
  [
    Object.keys(rows[0]!).join(separator),
    ...rows.map((row) => Object.values(row).map(csvField).join(separator)),
    '',
  ].join('\n')
export const asJsonLines = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')
