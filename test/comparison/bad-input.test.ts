import { readFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import type { KedgeError } from '../../src/errors.ts'
import { comparisonStand, draws, normals } from './compare.ts'

const stand = comparisonStand()
afterAll(stand.close)

const rows = 2000
const good = { x: normals(rows, 1), c: draws(rows, 2, ['a', 'b', 'c']) }
const reference = stand.parquet(good)
const whole = readFileSync(reference)
const csv = (lines: string[]) => stand.text(`x,c\n${lines.join('\n')}\n`, 'csv')
const wellFormed = csv(Array.from({ length: 300 }, (_, i) => `${i % 17},k${i % 3}`))

test.each([
  ['a file that is not there', () => '/nowhere/x.parquet', /x\.parquet .*no such file/],
  ['an unknown kind of file', () => stand.text('x', 'xlsx'), /ends in none of/],
  ['an empty file', () => stand.text('', 'csv'), /it is empty/],
  ['no Parquet', () => stand.text('hello, world', 'parquet'), /no Parquet file/],
  ['a Parquet file that is cut off', () => stand.text(whole.subarray(0, whole.length - 50), 'parquet'), /cut off/],
  ['a Parquet file without rows', () => stand.parquet({ x: [], c: [] }), /no rows/],
  ['a CSV file of a header alone', () => stand.text('x,c\n', 'csv'), /no rows/],
  ['a row with too few fields', () => csv(['1,a', '2']), /row 2/],
  [
    'Latin-1',
    () => stand.text(Buffer.from('x,c\n1,caf\xe9\n2,b\n', 'latin1'), 'csv'),
    /line 2 is not UTF-8 \(byte 0xe9/,
  ],
  ['UTF-16', () => stand.text(Buffer.from('\ufeffx,c\n1,a\n', 'utf16le'), 'csv'), /UTF-16/],
  ['zero bytes', () => stand.text('x,c\n1,\0\n', 'csv'), /zero byte in line 2/],
  ['JSON that breaks off', () => stand.text('{"x":1,"c":"a"}\n{"x":', 'jsonl'), /JSON/],
])('%s is refused with the file and the reason', async (_, file, reason) => {
  const current = file()
  const error = (await stand.compare(wellFormed, current).catch((thrown) => thrown)) as KedgeError
  expect(error.code).toBe('table_unreadable')
  expect(error.message).toContain(current)
  expect(error.message).toMatch(reason)
  expect(error.message).not.toMatch(/kedge-check-|DB::/)
})

test('a column that is not there is named, with those that are', async () => {
  await expect(stand.compare(reference, reference, { target: 'late' })).rejects.toMatchObject({
    code: 'column_unknown',
    details: { column: 'late', columns: 'x, c' },
  })
})

test('damage in the middle of a Parquet file does no harm', async () => {
  const damaged = Buffer.concat([whole.subarray(0, 4), Buffer.alloc(2000, 0xff), whole.subarray(2004)])
  const found = await stand.compare(reference, stand.text(damaged, 'parquet')).catch((error) => error)
  expect(found.code ?? found.version).toBeOneOf(['table_unreadable', 1])
})

test('what is no finite number counts as missing, and is told apart', async () => {
  const odd = good.x.map((x, i) => [Number.NaN, Infinity, -Infinity, null][i % 20] ?? (i % 20 === 3 ? null : x))
  const found = await stand.compare(reference, stand.parquet({ ...good, x: odd }))
  expect(found.columns[0]!.current).toMatchObject({ missing: 400, notFinite: 300 })
  expect(found.scores.find((score) => score.monitor === 'quality.missing' && score.feature === 'x')).toMatchObject({
    value: 0.2,
    state: 'violation',
  })
  const x = found.features.find((feature) => feature.feature === 'x')!
  expect(x.current.counts.reduce((a, b) => a + b, 0)).toBe(1600)
  expect(Number.isFinite(x.current.mean)).toBe(true)
})

test('one row, constant and all-missing columns give answers, not numbers out of nothing', async () => {
  const one = await stand.compare(reference, stand.parquet({ x: [1], c: ['a'] }))
  expect(one.verdict.drift).toBe('unknown')
  const constant = await stand.compare(
    stand.parquet({ x: Array(500).fill(5) }),
    stand.parquet({ x: Array(500).fill(5) }),
  )
  expect(constant.verdict).toMatchObject({ quality: 'ok', drift: 'ok' })
  const nothing = { x: Array(500).fill(null) }
  expect((await stand.compare(stand.parquet(nothing), stand.parquet(nothing))).verdict.drift).toBe('unknown')
  const gone = await stand.compare(reference, stand.parquet({ ...good, x: Array(rows).fill(null) }))
  expect(gone.scores.find((score) => score.monitor === 'quality.missing' && score.feature === 'x')!.value).toBe(1)
})

test('texts that hardly repeat are compared by their lengths', async () => {
  const ids = (from: number) =>
    stand.text(`id\n${Array.from({ length: 200_000 }, (_, i) => `id-${from + i}`).join('\n')}\n`, 'csv')
  const found = await stand.compare(ids(1_000_000), ids(2_000_000))
  expect(found.columns[0]).toMatchObject({ kind: 'text' })
  expect(found.notes.join()).toContain('compared by their lengths')
  expect(found.verdict.drift).toBe('ok')
  expect(Math.abs(found.columns[0]!.current!.distinct! / 200_000 - 1)).toBeLessThan(0.02)
})

test('numbers that become texts late in a file are read as far as they are numbers', async () => {
  const lines = Array.from({ length: 30_000 }, (_, i) => `${i === 29_000 ? 'oops' : i % 17},k${i % 3}`)
  const found = await stand.compare(wellFormed, csv(lines))
  expect(found.columns[0]!.current).toMatchObject({ unreadable: 1, missing: 1 })
  expect(found.notes.join()).toMatch(/row 29001: x cannot be read/)
  expect(found.scores.filter((score) => score.state === 'violation').map((score) => score.monitor)).toEqual(
    expect.arrayContaining(['quality.type', 'quality.schema']),
  )
})

test('names are no patterns and no SQL', async () => {
  const columns = { 'a`b\\\'"': normals(rows, 1), '\u202egnp': draws(rows, 1, ["x'; DROP", '\\']) }
  const file = stand.parquet(columns)
  const found = await stand.compare(file, file)
  expect(found.columns.map((column) => column.name)).toEqual(Object.keys(columns))
  expect(found.features.find((feature) => feature.type === 'categorical')!.categories).toContain("x'; DROP")
})

test('files of different kinds are compared; times without a zone are said to be taken for UTC', async () => {
  const jsonl = stand.text(
    Array.from({ length: 300 }, (_, i) => JSON.stringify({ x: i % 17, c: `k${i % 3}`, t: '2001-01-01 00:00:00' })).join(
      '\n',
    ),
    'jsonl',
  )
  const tsv = stand.text(
    `x\tc\tt\n${Array.from({ length: 300 }, (_, i) => `${i % 17}\tk${i % 3}\t2001-01-01 00:00:00`).join('\n')}\n`,
    'tsv',
  )
  const found = await stand.compare(jsonl, tsv)
  expect(found.verdict).toMatchObject({ quality: 'ok', drift: 'ok' })
  expect(found.columns.map((column) => column.kind)).toEqual(['number', 'category', 'time'])
})
