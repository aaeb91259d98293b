import { expect, test } from 'vitest'
import { confusionAt, nearest, ratesOf } from './threshold-counts.ts'

const operating = { threshold: 0.5, truePositives: 30, falsePositives: 20, falseNegatives: 10, trueNegatives: 140 }
const point = { threshold: 0.7, truePositiveRate: 0.5, falsePositiveRate: 0.05, precision: 0, f1: 0, matthews: 0 }

test('a point of the curves has the rows of the whole', () => {
  const found = confusionAt({ ...point, depth: 0, gain: 0, lift: null }, operating)
  expect(found).toEqual({ truePositives: 20, falsePositives: 8, falseNegatives: 20, trueNegatives: 152 })
  expect(ratesOf(found)).toEqual({
    precision: 20 / 28,
    recall: 0.5,
    specificity: 0.95,
    f1: 40 / 68,
    accuracy: 0.86,
    flagged: 0.14,
    lift: 20 / 28 / 0.2,
  })
})

test('nobody flagged: no precision, no lift', () => {
  const none = { truePositives: 0, falsePositives: 0, falseNegatives: 4, trueNegatives: 6 }
  expect(ratesOf(none)).toMatchObject({ precision: null, lift: null, recall: 0, f1: 0, accuracy: 0.6 })
})

test('the nearest threshold', () => {
  expect(nearest([0.1, 0.4, 0.9], 0.5)).toBe(1)
  expect(nearest([0.1, 0.4, 0.9], 2)).toBe(2)
})
