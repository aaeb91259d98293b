import fc from 'fast-check'
import { expect, test } from 'vitest'
import { categoryBins, categoryCounts, numericBins, numericCounts } from '../../src/statistics/reference-bins.ts'
import * as sketch from '../../src/statistics/sketch.ts'

const { sketchOf, sketchKey, sketchCount } = sketch
const number = fc.double({ min: -1e15, max: 1e15, noNaN: true }).filter((x) => x === 0 || Math.abs(x) > 1e-16)
const numbers = fc.array(number, { minLength: 1, maxLength: 200 })

test('keys keep the order of the values and their representative is within 1 %', () => {
  fc.assert(
    fc.property(number, number, (a, b) => {
      if (a < b) expect(sketchKey(a)).toBeLessThanOrEqual(sketchKey(b))
      expect(Math.abs(sketch.sketchValue(sketchKey(a)) - a)).toBeLessThanOrEqual(0.01 * Math.abs(a) * (1 + 1e-9))
      const slack = Math.abs(a) * 1e-9
      expect(sketch.sketchLower(sketchKey(a))).toBeLessThanOrEqual(a + slack)
      expect(sketch.sketchUpper(sketchKey(a))).toBeGreaterThanOrEqual(a - slack)
    }),
  )
  expect([0, 1, -1, Infinity, -Infinity, 1e-300].map(sketchKey)).toEqual([0, 2001, -2001, 4001, -4001, 1])
})

test('a merge of parts is the sketch of the whole', () => {
  fc.assert(
    fc.property(numbers, numbers, (a, b) => {
      const merged = sketch.mergeSketches(sketchOf(a), sketchOf(b))
      expect(sketch.sketchEntries(merged)).toEqual(sketch.sketchEntries(sketchOf([...a, ...b])))
    }),
  )
})

test('quantiles are within 1 % of the value of their rank', () => {
  fc.assert(
    fc.property(numbers, fc.double({ min: 0, max: 1, noNaN: true }), (a, q) => {
      const exact = [...a].sort((x, y) => x - y)[Math.floor(q * (a.length - 1))]!
      expect(Math.abs(sketch.sketchQuantile(sketchOf(a), q) - exact)).toBeLessThanOrEqual(
        0.01 * Math.abs(exact) * (1 + 1e-9),
      )
    }),
  )
  expect(sketch.sketchQuantile(new Map(), 0.5)).toBeNaN()
  expect(sketch.sketchCdf(sketchOf([1, 2, 3, 400]), 3.5)).toBe(0.75)
  expect(sketch.sketchHistogram(sketchOf([-5, 0, 0.5, 2, 9]), [0, 1, 5])).toEqual([2, 1, 1, 1])
})

test('reference bins hold every row once, in nearly equal shares of the reference', () => {
  fc.assert(
    fc.property(numbers, numbers, (reference, current) => {
      const bins = numericBins(sketchOf(reference), 10)
      for (const xs of [reference, current])
        expect(numericCounts(sketchOf(xs), bins).reduce((a, b) => a + b)).toBe(xs.length)
      const own = numericCounts(sketchOf(reference), bins)
      expect([own[0], own.at(-1)]).toEqual([0, 0])
    }),
  )
  const even = numericBins(sketchOf(Array.from({ length: 10_000 }, (_, i) => i + 1)), 10)
  for (const n of numericCounts(sketchOf(Array.from({ length: 10_000 }, (_, i) => i + 1)), even).slice(1, -1))
    expect(n).toBeGreaterThan(700)
  expect(sketchCount(sketchOf([1, Number.NaN]))).toBe(1)
})

test('categories beyond the reference fall into the last bin', () => {
  const bins = categoryBins(
    new Map([
      ['a', 5],
      ['b', 9],
      ['c', 1],
    ]),
    2,
  )
  expect(bins.categories).toEqual(['b', 'a'])
  expect(
    categoryCounts(
      new Map([
        ['a', 1],
        ['c', 2],
        ['new', 3],
      ]),
      bins,
    ),
  ).toEqual([0, 1, 5])
})
