import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Column } from '../../src/contracts/column.ts'
import { featureViewSpec } from '../../src/data/feature/feature-view-spec.ts'
import { planFeatures } from '../../src/data/feature/plan-features.ts'
import { createViewRows } from '../../src/serving/inference/features/view-rows.ts'
import { hour, knownByHand, type Row, view } from './known-by-hand.ts'

const columns: Column[] = [
  { name: 'customer', type: 'text' },
  { name: 'at', type: 'time' },
  { name: 'amount', type: 'float' },
  { name: 'shop', type: 'text' },
]
const plan = planFeatures(featureViewSpec.parse({ from: 'purchases', ...view }), columns, undefined, (_path, error) => {
  throw error
})
const looked = plan.features.map(({ name, type }) => ({
  name,
  type: type === 'text' ? ('text' as const) : ('number' as const),
}))
const served = { ...plan, inputs: plan.inputs.map(({ kind }) => kind) }

/** What the engine makes of a row for these inputs, told by their SQL. */
const inputsOf = ({ amount, shop }: Row) =>
  plan.inputs.map(({ sql, kind }) => {
    if (kind === 'text') return shop
    const only = sql.includes("= 'x'") && shop !== 'x'
    if (only) return null
    if (/, NULL, 1\)/.test(sql)) return sql.includes('amount') ? (amount === null ? null : 1) : 1
    return amount === null ? null : sql.includes('* ') ? amount * 2 : amount
  })

const at = fc.integer({ min: 0, max: 40 }).map((quarter) => (quarter * hour) / 4)
const row = fc.record<Row>({
  customer: fc.constantFrom('a', 'b', 'c'),
  at,
  amount: fc.option(fc.integer({ min: -500, max: 500 }).map((cents) => cents / 4)),
  shop: fc.constantFrom('x', 'y', 'z', null),
})
// rows as they come, late ones among them, and moments that only go on
const step = fc.oneof(
  fc.record({ row }),
  fc.record({ pass: fc.integer({ min: 0, max: 3 }).map((quarter) => (quarter * hour) / 4) }),
)

test('after every row and at every moment, lookups have what is known row by row', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 120 }), fc.boolean(), (steps, moved) => {
      let state = createViewRows(served, looked)
      let now = 2 * hour
      const landed: Row[] = []
      for (const [i, one] of steps.entries()) {
        if ('pass' in one) now += one.pass
        else {
          landed.push(one.row)
          state.add([one.row.customer!, one.row.at * 1000, ...inputsOf(one.row)], now * 1000)
        }
        // another thread takes it over
        if (moved && i % 20 === 19) state = createViewRows(served, looked, structuredClone(state.parts()))
        const keys = ['a', 'b', 'c', 'd']
        const found = state.lookup(keys, now * 1000)
        for (const [k, key] of keys.entries()) {
          const known = knownByHand(landed, key, now)
          expect(found.found[k]).toBe(known.n === null ? 0 : 1)
          for (const [c, { name, type }] of looked.entries()) {
            const value = known[name as keyof typeof known]
            const got = found.columns[c]![k]
            if (type === 'text') expect(got).toBe(value ?? '')
            else if (value === null) expect(got).toBeNaN()
            else expect(got, name).toBeCloseTo(value as number, 9)
          }
        }
      }
    }),
    { numRuns: 150 },
  )
})

test('rows that no window needs any more give their place to others', () => {
  const state = createViewRows(served, looked)
  for (let i = 0; i < 50_000; i++)
    state.add(
      [`k${i % 10}`, i * 60_000_000, ...inputsOf({ customer: '', at: 0, amount: i, shop: 'x' })],
      i * 60_000_000,
    )
  expect(state.entities).toBe(10)
  // ten entities with 12 rows in two hours each
  expect(state.bytes).toBeLessThan(200_000)
})

const inputs = inputsOf({ customer: '', at: 0, amount: 1, shop: 'x' })

test('rows of entities that do not come again give their place to others', () => {
  const state = createViewRows(served, looked)
  for (let i = 0; i < 100_000; i++) {
    const now = i * 60_000_000
    state.add([`k${Math.floor(i / 100)}`, now, ...inputs], now)
  }
  expect(state.entities).toBe(1000)
  // the newest row of each, and those since all were looked through
  expect(state.bytes).toBeLessThan(500_000)
})

test('a thread that takes rows over has the places that were free', () => {
  const before = createViewRows(served, looked)
  const later = 1000 * hour * 1000
  for (let i = 0; i < 20_000; i++) before.add(['k', 0, ...inputs], 0)
  before.add(['k', later, ...inputs], later)
  const state = createViewRows(served, looked, structuredClone(before.parts()))
  const { bytes } = state
  for (let i = 0; i < 19_000; i++) state.add(['k', later, ...inputs], later)
  expect(state.bytes).toBeLessThan(bytes + 1000)
})
