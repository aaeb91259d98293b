import { expect, test } from 'vitest'
import type { ModelDescription } from '../../contracts/model-runtime.ts'
import type { InputPolicy } from '../routing.ts'
import { createInputGuard } from './input-guard.ts'

const description: ModelDescription = {
  task: 'binary',
  features: [
    { name: 'distance', type: 'number' },
    { name: 'origin', type: 'category' },
  ],
}
const profile = {
  distance: { minimum: 10, maximum: 20, categories: [] },
  origin: { minimum: 0, maximum: 0, categories: ['SJC', 'LAX'] },
}
const columns = [
  [10, 21, Number.NaN, 15],
  ['SJC', 'XXX', '', 'YYY'],
]
const look = (policy: InputPolicy) =>
  createInputGuard(description, profile, policy)?.(columns, 4, (row) => `rows.${row}`)

test('what passes costs nothing, and so does a model without a reference', () => {
  expect(createInputGuard(description, profile, { unknownCategories: 'pass', ranges: 'pass' })).toBeUndefined()
  expect(createInputGuard(description, undefined, { unknownCategories: 'reject', ranges: 'reject' })).toBeUndefined()
})

test('flags say of each row what is strange; missing values are not', () => {
  expect(look({ unknownCategories: 'flag', ranges: 'flag' })).toEqual([
    undefined,
    ['distance is outside of 10 to 20', 'origin is an unknown category'],
    undefined,
    ['origin is an unknown category'],
  ])
})

test('what is rejected is named with its place; what is flagged beside it does not save it', () => {
  expect(() => look({ unknownCategories: 'reject', ranges: 'flag' })).toThrow(
    'rows.1.origin is an unknown category; rows.3.origin is an unknown category',
  )
  expect(() => look({ unknownCategories: 'pass', ranges: 'reject' })).toThrow('rows.1.distance is outside of 10 to 20')
})

test('a feature of which the reference has too many categories takes all', () => {
  const many = { origin: { minimum: 0, maximum: 0 } }
  expect(createInputGuard(description, many, { unknownCategories: 'reject', ranges: 'reject' })).toBeUndefined()
})
