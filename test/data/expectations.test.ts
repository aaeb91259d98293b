import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { by, type OpenedData, openData, project } from './open-data.ts'

let data: OpenedData
let files = 0
beforeAll(async () => {
  data = await openData()
  await data.sources.put(by, project, 'keys', write([1, 2, 3].map((k) => ({ k, kind: k < 3 ? 'a' : 'b' }))))
  await data.datasets.put(by, project, 'keys', { from: 'keys' })
  await data.datasets.materialiseNow(by, { project, dataset: 'keys' })
})
afterAll(() => data.close())

function write(rows: readonly object[]) {
  const path = join(data.folder, `${files++}.jsonl`)
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return { kind: 'jsonl', path }
}
const make = (rows: readonly object[], expected: readonly object[], dataset = 'rows') =>
  data.sources
    .put(by, project, `${dataset}-input`, write(rows))
    .then(() => data.datasets.put(by, project, dataset, { from: `${dataset}-input`, expect: expected }))
    .then(() => data.datasets.materialiseNow(by, { project, dataset }))

const rows = [1, 2, 3, 4].map((x) => ({
  x,
  y: x * 10,
  kind: x < 3 ? 'a' : 'b',
  at: `2001-01-0${x} 00:00:00`,
  empty: x === 1 ? null : 1,
  mail: x === 4 ? 'nobody' : `p${x}@example.org`,
  iban: x === 4 ? 'DE89370400440532013001' : 'DE89 3704 0044 0532 0130 00',
  card: x === 4 ? '4111111111111112' : '4111 1111 1111 1111',
  falls: -x,
  total: x * 11,
}))

describe('each on rows for which it holds and on rows for which it does not', () => {
  test.each([
    [{ not_null: ['x', 'kind'] }, true],
    [{ not_null: 'empty' }, false],
    [{ not_null: { columns: ['empty'], mostly: 0.75 } }, true],
    [{ between: { column: 'x', min: 1, max: 4 } }, true],
    [{ between: { column: 'x', min: 2 } }, false],
    [{ between: { column: 'x', min: 1, strict: true } }, false],
    [{ between: { column: 'x', min: 2, mostly: 0.75 } }, true],
    [{ between: { column: 'at', min: '2001-01-01', max: '2001-01-03' } }, false],
    [{ in_set: { column: 'kind', values: ['a', 'b'] } }, true],
    [{ in_set: { column: 'kind', values: ['a'] } }, false],
    [{ not_in_set: { column: 'kind', values: ['c'] } }, true],
    [{ not_in_set: { column: 'kind', values: ['b'] } }, false],
    [{ unique: ['x'] }, true],
    [{ unique: 'kind' }, false],
    [{ unique: ['kind', 'x'] }, true],
    [{ unique: { columns: ['kind'], mostly: 0.5 } }, true],
    [{ row_count: { min: 1, max: 4 } }, true],
    [{ row_count: { min: 5 } }, false],
    [{ column_count: { min: 10, max: 10 } }, true],
    [{ column_count: { max: 3 } }, false],
    [{ freshness: { column: 'at', within: '36h' } }, false],
    [{ schema: { columns: { x: 'int', at: 'time' } } }, true],
    [{ schema: { columns: { x: 'int' }, exact: true } }, false],
    [{ schema: { columns: { y: 'int', x: 'int' }, ordered: true } }, false],
    [{ holds: { that: 'x < 10' } }, true],
    [{ holds: { that: "kind = 'a'" } }, false],
    [{ matches: { column: 'mail', patterns: '@' } }, false],
    [{ matches: { column: 'mail', patterns: ['@', '^nobody$'] } }, true],
    [{ matches: { column: 'mail', patterns: ['^p', 'org$'], match: 'all', mostly: 0.7 } }, true],
    [{ matches: { column: 'mail', patterns: 'nobody', match: 'none' } }, false],
    [{ length: { column: 'kind', min: 1, max: 1 } }, true],
    [{ length: { column: 'mail', min: 7 } }, false],
    [{ format: { column: 'mail', is: 'email' } }, false],
    [{ format: { column: 'mail', is: 'email', mostly: 0.75 } }, true],
    [{ format: { column: 'iban', is: 'iban' } }, false],
    [{ format: { column: 'iban', is: 'iban', mostly: 0.75 } }, true],
    [{ format: { column: 'card', is: 'card' } }, false],
    [{ format: { column: 'card', is: 'card', mostly: 0.75 } }, true],
    [{ z_score: { column: 'x', at_most: 2 } }, true],
    [{ z_score: { column: 'x', at_most: 1 } }, false],
    [{ missing: { column: 'empty', max: 0.3 } }, true],
    [{ missing: { column: 'empty', max: 0.2 } }, false],
    [{ pair: { a: 'x', b: 'y', is: 'less' } }, true],
    [{ pair: { a: 'y', b: 'x', is: 'at_most' } }, false],
    [
      {
        pair: {
          a: 'kind',
          b: 'x',
          pairs: [
            ['a', 1],
            ['a', 2],
            ['b', 3],
            ['b', 4],
          ],
        },
      },
      true,
    ],
    [{ pair: { a: 'kind', b: 'x', pairs: [['a', 1]] } }, false],
    [{ unique_within_row: { columns: ['x', 'y', 'total'] } }, true],
    [{ unique_within_row: { columns: ['x', 'x'] } }, false],
    [{ sum: { columns: ['x', 'y'], to: 'total' } }, true],
    [{ sum: { columns: ['x', 'y'], to: 11 } }, false],
    [{ statistic: { column: 'x', of: 'mean', min: 2.5, max: 2.5 } }, true],
    [{ statistic: { column: 'x', of: 'median', min: 3 } }, false],
    [{ statistic: { column: 'x', of: 'deviation', min: 1.29, max: 1.3 } }, true],
    [{ statistic: { column: 'kind', of: 'distinct', min: 2, max: 2 } }, true],
    [{ statistic: { column: 'kind', of: 'distinct_share', min: 0.6 } }, false],
    [{ quantiles: { column: 'x', values: { 0.5: [2, 3], 1: [4, 4] } } }, true],
    [{ quantiles: { column: 'x', values: { 0.25: [null, 1] } } }, false],
    [{ values: { column: 'kind', equal: ['b', 'a'] } }, true],
    [{ values: { column: 'kind', contain: ['a', 'c'] } }, false],
    [{ values: { column: 'kind', within: ['a'] } }, false],
    [{ values: { column: 'x', most_frequent: [7] } }, false],
    [{ monotone: { column: 'x', strict: true } }, true],
    [{ monotone: { column: 'falls' } }, false],
    [{ monotone: { column: 'falls', direction: 'decreasing', by: ['kind'] } }, true],
    [{ foreign_key: { columns: ['x'], dataset: 'keys', references: ['k'], mostly: 0.75 } }, true],
    [{ foreign_key: { columns: ['x'], dataset: 'keys', references: ['k'] } }, false],
    [{ foreign_key: { columns: ['x', 'kind'], dataset: 'keys', references: ['k', 'kind'], mostly: 0.7 } }, true],
    [{ same_row_count: { dataset: 'keys', tolerance: 0.34 } }, true],
    [{ same_row_count: { dataset: 'keys' } }, false],
    [{ distribution: { column: 'kind', shares: { a: 0.5, b: 0.5 } } }, true],
    [{ distribution: { column: 'kind', shares: { a: 0.05, b: 0.95 }, metric: 'kl' } }, false],
    [{ sql: { query: 'SELECT * FROM rows WHERE x > 4' } }, true],
    [
      { sql: { query: 'WITH big AS (SELECT * FROM rows WHERE x > 3) SELECT x FROM big', description: 'few are big' } },
      false,
    ],
  ])('%j is %s', async (expectation, ok) => {
    const work = make(rows, [expectation])
    if (ok) {
      const { expectations } = await work
      expect(expectations).toMatchObject([
        { ok: true, config: Object.values(expectation)[0], severity: 'error', evidence: null },
        ...('row_count' in expectation ? [] : [{ kind: 'row_count' }]),
      ])
      return
    }
    await expect(work).rejects.toMatchObject({ code: 'expectations_failed' })
    const [newest] = (await data.datasets.versions(project, 'rows', { limit: 1 })).items
    expect(newest).toMatchObject({ state: 'rejected' })
    expect(newest!.expectations.some((result) => !result.ok && result.message.length > 5)).toBe(true)
  })
})

test('what fails by rows shows some of them, with their places', async () => {
  await expect(make(rows, [{ between: { column: 'x', max: 2 } }])).rejects.toThrow(
    'not in 2 of 4 values: x lies in [−∞, 2]',
  )
  const [newest] = (await data.datasets.versions(project, 'rows', { limit: 1 })).items
  const [result] = newest!.expectations
  expect(
    result!.evidence!.rows.map(({ row, values }) => [row, values[result!.evidence!.columns.indexOf('x')]]),
  ).toEqual([
    [2, 3],
    [3, 4],
  ])
})

test('a warning is told and keeps nothing from being published; later versions go on from the last good one', async () => {
  const warned = await make(rows, [{ between: { column: 'x', max: 3 }, severity: 'warn' }], 'warned')
  expect(warned).toMatchObject({ state: 'published', expectations: [{ ok: false, severity: 'warn' }, { ok: true }] })
  await expect(make(rows, [{ between: { column: 'x', max: 3 } }], 'warned')).rejects.toMatchObject({
    code: 'expectations_failed',
  })
  expect((await data.datasets.version(project, 'warned', 'latest')).version).toBe(warned.version)
})

describe('distributions against an earlier version', () => {
  const sample = (shift: number) =>
    Array.from({ length: 400 }, (_, i) => ({ v: (i % 100) + shift, c: i % 2 === 0 || i < shift * 4 ? 'x' : 'y' }))
  test.each(['js', 'ks', 'psi', 'kl'])('%s tells the same from a shifted one', async (metric) => {
    const dataset = `shift-${metric}`
    const against = [{ distribution: { column: 'v', metric } }]
    expect((await make(sample(1), against, dataset)).expectations[0]!.message).toContain('nothing yet to compare')
    expect((await make([...sample(1), ...sample(1)], against, dataset)).expectations[0]).toMatchObject({
      ok: true,
      observed: { version: 1 },
    })
    await expect(make(sample(60), against, dataset)).rejects.toThrow(/from version 2, more than/)
  })

  test('chi2 gives a P value on categories', async () => {
    const expected = [{ distribution: { column: 'c', metric: 'chi2', p_at_least: 0.001, against: 1 } }]
    await make(sample(0), expected, 'chi2')
    await expect(make(sample(60), expected, 'chi2')).rejects.toThrow(/P less than 0.001/)
  })
})

test('a version without rows is never published', async () => {
  await data.sources.put(by, project, 'none', write([{ x: 1 }]))
  await data.datasets.put(by, project, 'none', { from: 'none', curate: [{ filter: 'x > 1' }] })
  await expect(data.datasets.materialiseNow(by, { project, dataset: 'none' })).rejects.toMatchObject({
    code: 'expectations_failed',
  })
})

describe('a query of the user reads its rows and nothing else', () => {
  test.each([
    ['SELECT * FROM system.tables', /only the table rows/],
    ["SELECT * FROM file('/etc/passwd', 'LineAsString')", /table functions are not allowed|function file/],
    ['SELECT * FROM rows WHERE x IN (SELECT number FROM numbers(3))', /table functions/],
    ["SELECT * FROM rows, url('http://x', CSV)", /not allowed/],
    ['SELECT * FROM rows SETTINGS max_threads = 1', /settings/],
    ['DROP TABLE rows', /only a SELECT/],
    ['SELECT * FROM rows; SELECT 1', /wrong|SELECT/],
    ["SELECT file('/etc/passwd') FROM rows", /function file/],
    ['SELECT x FROM rows WHERE nonsense', /nonsense|identifier/i],
    ["SELECT dictGet('a', 'b', x) FROM rows", /dictGet/],
  ])('%s', async (query, what) => {
    await expect(make(rows, [{ sql: { query } }], 'guarded')).rejects.toThrow(what)
  })
})
