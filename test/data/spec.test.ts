import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { expectations } from '../../src/adapters/expectations/index.generated.ts'
import { operations } from '../../src/adapters/operations/index.generated.ts'
import { sources } from '../../src/adapters/sources/index.generated.ts'
import { datasetSpec, sourceSpec } from '../../src/data/dataset-spec.ts'
import { documentDigest } from '../../src/data/document-digest.ts'

const dataset = datasetSpec({ operations, expectations })

/** One configuration of every operation and expectation; a new one without its example fails here. */
const examples: Record<string, unknown[]> = {
  cast: [{ a: 'int' }],
  check: [{ that: 'a > 1' }],
  deduplicate: ['all', ['a'], { by: ['a'] }],
  derive: [{ b: 'a + 1' }],
  drop: [['a']],
  fill: [{ a: 1, b: { with: 'mean' } }],
  filter: ['a > 1'],
  outliers: [{ column: 'a' }],
  rename: [{ a: 'b' }],
  select: [['a']],
  trim: ['all', ['a'], { columns: ['a'], inner: true, empty: 'missing' }],
  split: [
    { column: 'a', at: ',', into: ['b', 'c'] },
    { column: 'a', pattern: '(.)(.)', into: ['b', 'c'], keep: true },
  ],
  join: [
    { with: 'other', on: ['a'] },
    { with: 'other', on: { a: 'b' }, columns: { c: 'd' }, many: 'all' },
  ],
  union: ['other', { with: 'other', missing: 'missing' }],
  normalise: [
    { columns: 'a', unicode: 'NFC' },
    { columns: ['a'], unit: { from: 'km', to: 'mi' }, otherwise: 'keep' },
    { columns: ['a'], phone: { country: 'DE' } },
  ],
  encode: [{ column: 'a', method: 'one_hot', values: ['x', 1, true] }],
  sample: [{ share: 0.1 }, { rows: 10, by: ['a'] }],
  balance: [{ by: ['a'] }],
  reweigh: [{ by: ['a'], label: 'b' }],
  pseudonymise: [{ columns: ['a'], key: { secret: 'salt' } }],
  run: [{ command: 'node clean.mjs', files: { 'clean.mjs': '// …' } }],
  between: [{ column: 'a', min: 1 }],
  freshness: [{ column: 'a', within: '36h' }],
  holds: [{ that: 'a > 1' }],
  in_set: [{ column: 'a', values: [1] }],
  not_null: ['a', ['a'], { columns: ['a'], mostly: 0.9 }],
  row_count: [{ min: 1 }],
  schema: [{ columns: { a: 'int' } }],
  unique: ['a', ['a', 'b'], { columns: ['a'], mostly: 0.9 }],
  not_in_set: [{ column: 'a', values: [1] }],
  matches: [
    { column: 'a', patterns: '^x' },
    { column: 'a', patterns: ['^x', 'y$'], match: 'all' },
  ],
  length: [{ column: 'a', min: 1 }],
  format: [{ column: 'a', is: 'email' }],
  z_score: [{ column: 'a', at_most: 3 }],
  missing: [{ column: 'a', max: 0.1 }],
  pair: [
    { a: 'a', b: 'b', is: 'less' },
    { a: 'a', b: 'b', pairs: [['x', 1]] },
  ],
  unique_within_row: [{ columns: ['a', 'b'] }],
  sum: [{ columns: ['a', 'b'], to: 'c' }],
  statistic: [{ column: 'a', of: 'median', min: 1 }],
  quantiles: [{ column: 'a', values: { '0.5': [1, null] } }],
  values: [{ column: 'a', equal: ['x'] }],
  monotone: [{ column: 'a' }],
  column_count: [{ min: 1 }],
  foreign_key: [{ columns: ['a'], dataset: 'other' }],
  same_row_count: [{ dataset: 'other' }],
  distribution: [{ column: 'a' }, { column: 'a', shares: { x: 1 }, metric: 'chi2', p_at_least: 0.01 }],
  sql: [{ query: 'SELECT * FROM rows WHERE a > 1' }],
}

describe.each([...operations, ...expectations].map((definition) => [definition.kind, definition] as const))(
  '%s',
  (kind, definition) => {
    test('takes what it gives, so that declarations can be stored as parsed', () => {
      expect(examples[kind]?.length ?? 0).toBeGreaterThan(0)
      for (const example of examples[kind]!) {
        const parsed = definition.config.parse(example)
        expect(definition.config.parse(parsed)).toEqual(parsed)
      }
    })
    test('has a title and a schema for editors', () => {
      expect(definition.title.length).toBeGreaterThan(10)
      expect(() => z.toJSONSchema(definition.config, { io: 'input' })).not.toThrow()
    })
  },
)

test('kinds are unique', () => {
  for (const list of [sources, operations, expectations])
    expect(new Set(list.map(({ kind }) => kind)).size).toBe(list.length)
})

test('sources name their kind', () => {
  const schema = sourceSpec(sources)
  expect(schema.parse({ kind: 'csv', path: 'a.csv' })).toEqual({
    kind: 'csv',
    path: 'a.csv',
    removed: 'drop',
    header: true,
  })
  expect(schema.safeParse({ kind: 'csv' }).error?.issues[0]?.message).toBe('needs exactly one of path and url')
  expect(schema.safeParse({ kind: 'csv', path: 'a', url: 'http://a.test/' }).success).toBe(false)
  expect(schema.safeParse({ kind: 'csv', url: 'file:///etc/passwd' }).success).toBe(false)
  expect(
    schema.safeParse({ kind: 'postgres', host: 'h', database: 'd', table: 't', user: 'u', password: 'in the open' })
      .success,
  ).toBe(false)
})

test('a dataset has defaults and refuses unknown keys', () => {
  expect(dataset.parse({ from: 'history' })).toEqual({ from: 'history', mode: 'full', curate: [], expect: [] })
  expect(dataset.safeParse({ from: 'history', curat: [] }).success).toBe(false)
  expect(dataset.safeParse({ from: 'History!' }).success).toBe(false)
})

test('a digest does not depend on the order of keys', () => {
  expect(documentDigest({ a: 1, b: { c: 2, d: [1, null] } })).toBe(
    documentDigest({ b: { d: [1, null], c: 2 }, a: 1, e: undefined }),
  )
  expect(documentDigest({ a: [1, 2] })).not.toBe(documentDigest({ a: [2, 1] }))
})
