import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LookedUp } from '../../../contracts/feature-lookup.ts'
import { createFeatureTableBuilder, createTableLookup } from './feature-table.ts'

const columns = [
  { name: 'amount', type: 'number' as const },
  { name: 'town', type: 'text' as const },
]
const row = fc.record({
  key: fc.oneof(fc.string({ minLength: 1, unit: 'binary' }), fc.integer().map(String)).map((key) => key.toWellFormed()),
  time: fc.integer({ min: 0, max: 5 }),
  amount: fc.oneof(fc.double(), fc.constant(Number.NaN)),
  town: fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('')),
})

test('finds what was put in, the newest of each key, and nothing else', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 300 }), fc.array(fc.string({ minLength: 1 })), (rows, others) => {
      const builder = createFeatureTableBuilder(columns)
      const newest = new Map<string, (typeof rows)[number]>()
      for (const one of rows) {
        builder.add(one.key, one.time, (i) => (i === 0 ? one.amount : one.town))
        if ((newest.get(one.key)?.time ?? 0) <= one.time) newest.set(one.key, one)
      }
      const lookup = createTableLookup('t@1', builder.done())
      expect(lookup.entities).toBe(newest.size)
      const keys = [...newest.keys(), ...others.map((key) => key.toWellFormed())]
      const { found, columns: values } = lookup.lookup(keys) as LookedUp
      keys.forEach((key, i) => {
        const one = newest.get(key)
        expect(found[i]).toBe(one ? 1 : 0)
        expect(values[0]![i]).toBe(one ? one.amount : Number.NaN)
        expect(values[1]![i]).toBe(one ? one.town.toWellFormed() : '')
      })
    }),
  )
})

test('grows past its first sizes', () => {
  const builder = createFeatureTableBuilder(columns)
  for (let i = 0; i < 20_000; i++) builder.add(`C${i}`, 0, (column) => (column === 0 ? i : `town ${i % 3000}`))
  const lookup = createTableLookup('t@1', builder.done())
  const { columns: values } = lookup.lookup(['C0', 'C19999', 'C20000']) as LookedUp
  expect(values).toEqual([Float64Array.of(0, 19_999, Number.NaN), ['town 0', `town ${19_999 % 3000}`, '']])
})
