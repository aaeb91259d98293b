import { expect, test } from 'vitest'
import { encodingSkew, filledValue } from './encoding-skew.ts'
import { sketchOf } from './sketch.ts'
import { type FeatureProfile, noProfile } from './slice.ts'

const texts = (counts: Record<string, number>): FeatureProfile => ({
  ...noProfile,
  count: Object.values(counts).reduce((a, b) => a + b, 0),
  categories: new Map(Object.entries(counts)),
})
const numbers = (values: number[]): FeatureProfile => ({
  ...noProfile,
  count: values.length,
  minimum: Math.min(...values),
  maximum: Math.max(...values),
  sketch: sketchOf(values),
})

test.each([
  [{ SFO: 50, LAX: 50 }, { sfo: 30, SFO: 70 }, 'upper and lower case', 30],
  [{ SFO: 50, LAX: 50 }, { 'SFO ': 30, SFO: 70 }, 'spaces', 30],
  [{ 'AB-12': 50 }, { AB12: 9, 'AB-12': 1 }, 'punctuation', 9],
  [{ true: 50, false: 50 }, { '1': 20, '0': 30 }, 'truth values', 50],
  [{ '1': 50, '2': 50 }, { '1.0': 20, '2.0': 30 }, 'form of numbers', 50],
])('%o served as %o: %s', (reference, current, change, rows) => {
  expect(encodingSkew(texts(reference), texts(current))).toMatchObject({ rows, changes: [{ change, rows }] })
})

test('new categories are new, not another form; numbers as texts are found', () => {
  expect(encodingSkew(texts({ a: 5, b: 5 }), texts({ c: 5 })).rows).toBe(0)
  expect(encodingSkew(numbers([1, 2, 3]), texts({ '1': 2, '2,5': 1, n: 1 }))).toMatchObject({
    rows: 3,
    changes: [{ change: 'numbers as texts', example: '"1"' }],
  })
  expect(encodingSkew(texts({ '1': 5, '2': 5 }), numbers([1, 2, 2]))).toMatchObject({
    changes: [{ change: 'texts as numbers', rows: 3 }],
  })
})

test('a default that takes the place of values', () => {
  const before = numbers(Array.from({ length: 100 }, (_, i) => i + 1))
  expect(
    filledValue(before, numbers([...new Array(40).fill(-1), ...Array.from({ length: 60 }, (_, i) => i + 1)])),
  ).toMatchObject({ rows: 40, before: 0 })
  expect(filledValue(texts({ a: 50, unknown: 1 }), texts({ a: 5, unknown: 45 }))).toMatchObject({
    value: '"unknown"',
    rows: 45,
  })
})
