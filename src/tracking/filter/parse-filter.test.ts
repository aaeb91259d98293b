import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KedgeError } from '../../errors.ts'
import { type Filter, parseFilter } from './parse-filter.ts'

const compare = (entity: string | undefined, key: string, operator: string, value: unknown, negated = false) =>
  expect.objectContaining({ kind: 'compare', entity, key, operator, value, negated })

describe('parseFilter', () => {
  it('reads comparisons with quoted and plain keys', () => {
    expect(parseFilter('metrics.auc >= .5')).toEqual(compare('metrics', 'auc', '>=', 0.5))
    expect(parseFilter("params.`my key` = 'it''s'")).toEqual(compare('params', 'my key', '=', "it's"))
    expect(parseFilter('tags."a.b" != "x"')).toEqual(compare('tags', 'a.b', '!=', 'x'))
    expect(parseFilter("tags.mlflow.source.name LIKE '%a_'")).toEqual(
      compare('tags', 'mlflow.source.name', 'LIKE', '%a_'),
    )
    expect(parseFilter('Run_Name ilike "x"')).toEqual(compare(undefined, 'Run_Name', 'ILIKE', 'x'))
    expect(parseFilter("run_id NOT IN ('a', 'b',)")).toEqual(compare(undefined, 'run_id', 'IN', ['a', 'b'], true))
    expect(parseFilter('params.a IS NOT NULL')).toEqual(compare('params', 'a', 'IS NULL', null, true))
    expect(parseFilter('metrics.loss < -1.5e-3')).toEqual(compare('metrics', 'loss', '<', -0.0015))
    expect(parseFilter('  ')).toBeUndefined()
  })

  it('binds AND closer than OR, and NOT closest', () => {
    expect(parseFilter('a = 1 OR b = 2 AND NOT c = 3')).toMatchObject({
      kind: 'or',
      items: [{ key: 'a' }, { kind: 'and', items: [{ key: 'b' }, { kind: 'not', item: { key: 'c' } }] }],
    })
    expect(parseFilter('(a = 1 or b = 2) and c = 3')).toMatchObject({
      kind: 'and',
      items: [{ kind: 'or' }, { key: 'c' }],
    })
  })

  it.each([
    ['metrics.a >', 12],
    ['metrics.a > 1 metrics.b > 2', 15],
    ["params.a = 'open", 12],
    ['(a = 1', 7],
    ['a = 1)', 6],
    ['a in ()', 7],
    ['a = 1 AND', 10],
    ['a ~ 1', 3],
    ['= 1', 1],
    ['a IS x', 6],
    ['params. = 1', 9],
  ])('points at the character where %s goes wrong', (filter, at) => {
    let error: unknown
    try {
      parseFilter(filter)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(KedgeError)
    expect(error).toMatchObject({ code: 'filter_invalid', details: { at } })
  })

  it('ends in a filter or in its own error, whatever it is given', () => {
    const pieces = fc.constantFrom(
      'a',
      'metrics.',
      '`k`',
      "'v'",
      '"w"',
      '1.5',
      '(',
      ')',
      ',',
      'AND',
      'OR',
      'NOT',
      'IN',
      'IS',
      'NULL',
      'LIKE',
      '=',
      '>=',
      '!',
      "'",
      ' ',
      '\u0000',
      '🙂',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (list) => {
        try {
          parseFilter(list.join(' '))
        } catch (error) {
          expect(error).toBeInstanceOf(KedgeError)
        }
      }),
      { numRuns: 2000 },
    )
    expect(() => parseFilter('('.repeat(5000))).toThrow(KedgeError)
    expect(() => parseFilter('a'.repeat(1_000_000))).toThrow(KedgeError)
  })

  it('reads back what it is written as', () => {
    const leaf = fc.record({ key: fc.string({ minLength: 1 }).filter((key) => !key.includes('`')), value: fc.string() })
    const tree = fc.letrec<{ node: Filter; leaf: Filter }>((tie) => ({
      leaf: leaf.map(
        ({ key, value }) =>
          ({ kind: 'compare', entity: 'tags', key, operator: '=', negated: false, value, at: 0 }) as Filter,
      ),
      node: fc.oneof(
        { maxDepth: 4 },
        tie('leaf'),
        fc.record({
          kind: fc.constantFrom('and' as const, 'or' as const),
          items: fc.array(tie('node'), { minLength: 2, maxLength: 3 }),
        }),
        fc.record({ kind: fc.constant('not' as const), item: tie('node') }),
      ) as fc.Arbitrary<Filter>,
    })).node
    const write = (filter: Filter): string => {
      if (filter.kind === 'compare') return `tags.\`${filter.key}\` = '${String(filter.value).replaceAll("'", "''")}'`
      if (filter.kind === 'not') return `NOT (${write(filter.item)})`
      return filter.items.map((item) => `(${write(item)})`).join(` ${filter.kind.toUpperCase()} `)
    }
    const plain = (filter: Filter): unknown =>
      filter.kind === 'compare'
        ? [filter.key, filter.value]
        : filter.kind === 'not'
          ? ['not', plain(filter.item)]
          : [filter.kind, ...filter.items.map(plain)]
    fc.assert(
      fc.property(tree, (filter) => {
        expect(plain(parseFilter(write(filter))!)).toEqual(plain(filter))
      }),
    )
  })
})
