import { describe, expect, test } from 'vitest'
import { segmentSql, segmentTest } from './segment-condition.ts'

const row = (numbers: Record<string, number>, texts: Record<string, string> = {}) => ({ numbers, texts })

describe('whether a row belongs to a segment', () => {
  test.each([
    ['', row({}), true],
    ['city=Chur', row({}, { city: 'Chur' }), true],
    ['city=Chur', row({}, { city: 'Zug' }), false],
    ['city=Chur', row({}), false],
    ['age=≤ 42.5', row({ age: 42.5 }), true],
    ['age=≤ 42.5', row({ age: 43 }), false],
    ['age=≤ 42.5', row({}), false],
    ['age=> -1e-7', row({ age: 0 }), true],
    ['age=35 to 42', row({ age: 35 }), false],
    ['age=35 to 42', row({ age: 42 }), true],
    ['age=35 to 42', row({}, { age: '35 to 42' }), true],
    ['age=missing', row({}), true],
    ['age=missing', row({ age: 1 }), false],
    ['age=7', row({ age: 7 }), true],
    ['age=> 30 & city=Chur', row({ age: 31 }, { city: 'Chur' }), true],
    ['age=> 30 & city=Chur', row({ age: 31 }, { city: 'Zug' }), false],
    ['toString=x', row({}), false],
  ])('%s', (segment, one, belongs) => {
    expect(segmentTest(segment)(one)).toBe(belongs)
  })

  test('a name never becomes SQL: it is bound', () => {
    const { sql, params } = segmentSql("city'=x') OR 1=1 --")
    expect(sql).not.toContain('OR')
    expect(Object.values(params)).toContain("city'")
  })
})
