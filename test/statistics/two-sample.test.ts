import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  andersonDarling,
  andersonDarlingOfCounts,
  andersonDarlingOfSketches,
} from '../../src/statistics/anderson-darling.ts'
import { cramerVonMises, cramerVonMisesOfSketches } from '../../src/statistics/cramer-von-mises.ts'
import { energyDistance, energyDistanceOfSketches } from '../../src/statistics/energy-distance.ts'
import { eppsSingleton } from '../../src/statistics/epps-singleton.ts'
import { fisherExact } from '../../src/statistics/fisher-exact.ts'
import { gTest } from '../../src/statistics/g-test.ts'
import { kullbackLeibler } from '../../src/statistics/kullback-leibler.ts'
import { lInfinity } from '../../src/statistics/l-infinity.ts'
import { leveneTest } from '../../src/statistics/levene-test.ts'
import { mannWhitney, mannWhitneyOfSketches } from '../../src/statistics/mann-whitney.ts'
import { maximumMeanDiscrepancy } from '../../src/statistics/maximum-mean-discrepancy.ts'
import { momentsOf } from '../../src/statistics/moments.ts'
import { randomNormal, seededRandom } from '../../src/statistics/seeded-random.ts'
import { mergeSketches, sketchOf } from '../../src/statistics/sketch.ts'
import { welchTest, welchTestOfRows } from '../../src/statistics/welch-test.ts'
import { compareWithOracle, expectNear } from './compare-with-oracle.ts'
import { answer, value } from './value.ts'

interface Case {
  a: number[]
  b: number[]
  reference: number[]
  current: number[]
  table: [[number, number], [number, number]]
  andersonDarling: [number, number]
  eppsSingleton: [number | null, number | null]
  cramerVonMises: [number, number]
  mannWhitney: [number, number]
  welch: [number, number, number, number, number]
  levene: [number, number]
  g: [number, number, number]
  fisher: number
  energy: number
  kl: number
}

compareWithOracle<Case>('two-sample', 150, (c) => {
  const near = (found: number[], wanted: (number | null)[], what: string, tolerance = 1e-9) =>
    found.forEach((x, i) => void expectNear(x, wanted[i]!, `${what}[${i}]`, tolerance))
  const ad = answer(andersonDarling(c.a, c.b))
  near([ad.value, ad.p], c.andersonDarling, 'Anderson-Darling')
  const cvm = answer(cramerVonMises(c.a, c.b))
  // SciPy ends the series of the limiting distribution at 1e-7
  near([cvm.value], c.cramerVonMises, 'Cramér-von Mises')
  expectNear(cvm.p, c.cramerVonMises[1], 'Cramér-von Mises p', Math.max(c.a.length, c.b.length) > 20 ? 1e-7 : 1e-9)
  const mw = answer(mannWhitney(c.a, c.b))
  near([mw.u, mw.p], c.mannWhitney, 'Mann-Whitney')
  const w = answer(welchTestOfRows(c.a, c.b))
  // SciPy's own means of values near 10⁶ are right to 1e-10 of the values
  near([w.t, w.df, w.p, w.low, w.high], c.welch, 'Welch', 1e-8)
  const levene = answer(leveneTest(c.a, c.b))
  near([levene.value, levene.p], c.levene, 'Levene')
  const es = eppsSingleton(c.a, c.b)
  if (c.eppsSingleton[0] === null) expect(es.ok).toBe(false)
  // an inverse of a covariance of condition 1e6 keeps 1e-9 hardly
  else near([answer(es).value, answer(es).p], c.eppsSingleton, 'Epps-Singleton', 1e-7)
  const g = answer(gTest(c.reference, c.current))
  near([g.value, g.p, g.df], c.g, 'G')
  const [[a, b], [x, y]] = c.table
  expectNear(answer(fisherExact({ successes: a, n: a + b }, { successes: x, n: x + y })).p, c.fisher, 'Fisher')
  expectNear(value(energyDistance(c.a, c.b)), c.energy, 'energy distance')
  expectNear(value(kullbackLeibler(c.reference, c.current)), c.kl, 'KL')
})

const number = fc.double({ min: -1e6, max: 1e6, noNaN: true })
const numbers = fc.array(number, { minLength: 6, maxLength: 40 }).filter((xs) => new Set(xs).size > 3)
const ofRows = {
  andersonDarling,
  cramerVonMises,
  energyDistance,
  leveneTest: (a: readonly number[], b: readonly number[]) => leveneTest(a, b),
}

describe.each(Object.entries(ofRows))('%s', (_, statistic) => {
  test('is symmetric and leaves NaN out', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const found = statistic(a, b)
        expectNear(value(statistic(b, a)), value(found), 'swapped', 1e-7)
        expect(statistic([Number.NaN, ...a], [...b, Number.NaN])).toEqual(found)
      }),
      { numRuns: 15 },
    )
  })
})

test('ranks do not feel a monotone change of scale', () => {
  fc.assert(
    fc.property(numbers, numbers, (a, b) => {
      const up = (xs: number[]) => xs.map((x) => x * 8)
      for (const statistic of [andersonDarling, cramerVonMises, mannWhitney])
        expect(statistic(up(a), up(b))).toEqual(statistic(a, b))
    }),
    { numRuns: 15 },
  )
})

test('equal samples give no difference', () => {
  const a = Array.from({ length: 60 }, (_, i) => i % 17)
  expect(value(energyDistance(a, a))).toBe(0)
  expect(answer(mannWhitney(a, a))).toMatchObject({ value: 0.5, p: 1 })
  expect(answer(welchTestOfRows(a, a))).toMatchObject({ value: 0, p: 1 })
  expect(answer(leveneTest(a, a))).toMatchObject({ value: 0, p: 1 })
  expect(answer(eppsSingleton(a, a))).toMatchObject({ value: 0, p: 1 })
  expect(answer(gTest([1, 2, 3], [2, 4, 6])).value).toBeCloseTo(0, 12)
  expect(answer(fisherExact({ successes: 3, n: 9 }, { successes: 3, n: 9 })).p).toBe(1)
  expect(value(kullbackLeibler([3, 4], [3, 4]))).toBe(0)
  expect(value(lInfinity([3, 4, 0], [6, 8, 0]))).toBe(0)
  expect(answer(cramerVonMises(a, a)).p).toBeGreaterThan(0.99)
  expect(answer(andersonDarling(a, a))).toMatchObject({ p: 0.25, beyond: 'above' })
})

test('what awkward input answers', () => {
  const constant = [5, 5, 5, 5, 5]
  expect(andersonDarling(constant, constant)).toMatchObject({ ok: false, of: 'distinct values', needed: 2, had: 1 })
  expect(eppsSingleton(constant, constant)).toMatchObject({ ok: false, of: 'rows that vary' })
  expect(answer(mannWhitney(constant, constant))).toMatchObject({ value: 0.5, p: 1 })
  expect(answer(welchTestOfRows(constant, [6, 6]))).toMatchObject({ value: 1, t: Infinity, p: 0 })
  expect(answer(leveneTest(constant, constant))).toMatchObject({ value: 0, p: 1 })
  expect(answer(cramerVonMises(constant, constant)).p).toBe(1)
  for (const statistic of [cramerVonMises, mannWhitney, energyDistance, eppsSingleton, leveneTest, welchTestOfRows])
    expect(statistic([], [Number.NaN])).toMatchObject({ ok: false, reason: 'too_few_samples', had: 0 })
  expect(andersonDarlingOfCounts([[1, 2]])).toMatchObject({ ok: false, of: 'samples' })
  expect(gTest([4, 0], [9, 0])).toMatchObject({ ok: false, of: 'bins', had: 1 })
  expect(fisherExact({ successes: 0, n: 0 }, { successes: 1, n: 2 })).toMatchObject({ ok: false })
  expect(answer(fisherExact({ successes: 50_000, n: 100_000 }, { successes: 0, n: 100_000 })).p).toBe(0)
  expect(kullbackLeibler([0, 0], [1, 2])).toMatchObject({ ok: false })
  expect(value(kullbackLeibler([1, 0], [1, 1], 0))).toBe(Infinity)
  expect(value(lInfinity([1, 0], [0, 9]))).toBe(1)
  const many = Array.from({ length: 100_000 }, (_, i) => i % 7)
  const other = Array.from({ length: 100_000 }, (_, i) => i % 5)
  for (const distance of [gTest, kullbackLeibler, lInfinity]) expect(value(distance(many, other))).toBeGreaterThan(0)
})

test('of sketches: near to the rows, within the stated error, and the same for the merge of parts', () => {
  fc.assert(
    fc.property(numbers, numbers, (a, b) => {
      const [x, y] = [sketchOf(a), sketchOf(b)]
      const mw = answer(mannWhitneyOfSketches(x, y))
      expect(Math.abs(mw.value - answer(mannWhitney(a, b)).value)).toBeLessThanOrEqual(mw.binning + 1e-12)
      const mean = (xs: number[]) => xs.reduce((s, v) => s + Math.abs(v), 0) / xs.length
      const gap = value(energyDistanceOfSketches(x, y)) ** 2 - value(energyDistance(a, b)) ** 2
      expect(Math.abs(gap)).toBeLessThanOrEqual(0.04 * (mean(a) + mean(b)) + 1e-9)
      const merged = mergeSketches(sketchOf(a.slice(0, 3)), sketchOf(a.slice(3)))
      for (const of of [cramerVonMisesOfSketches, andersonDarlingOfSketches, mannWhitneyOfSketches])
        expect(of(merged, y)).toEqual(of(x, y))
    }),
    { numRuns: 30 },
  )
  expect(answer(welchTest(momentsOf([1, 2, 3]), momentsOf([2, 4, 6])))).toEqual(
    answer(welchTestOfRows([1, 2, 3], [2, 4, 6])),
  )
})

describe('MMD', () => {
  const random = seededRandom(99)
  const rows = (n: number, shift: number) =>
    Array.from({ length: n }, () => [randomNormal(random) + shift, randomNormal(random)])

  test('sees a shift, not its absence, and repeats itself', () => {
    const [a, b, c] = [rows(80, 0), rows(80, 0), rows(80, 1)]
    expect(answer(maximumMeanDiscrepancy(a, c)).p).toBeLessThan(0.01)
    expect(answer(maximumMeanDiscrepancy(a, b)).p).toBeGreaterThan(0.02)
    expect(maximumMeanDiscrepancy(a, b)).toEqual(maximumMeanDiscrepancy(a, b))
    expect(maximumMeanDiscrepancy([[1], [Number.NaN]], [[1], [2]])).toMatchObject({ ok: false, had: 1 })
  })

  test('is what its definition says', () => {
    const [a, b] = [rows(7, 0), rows(5, 1)]
    const k = (x: number[], y: number[]) => Math.exp(-((x[0]! - y[0]!) ** 2 + (x[1]! - y[1]!) ** 2) / 2)
    const mean = (xs: number[][], ys: number[][], skip: boolean) => {
      const terms = xs.flatMap((x, i) => ys.flatMap((y, j) => (skip && i === j ? [] : [k(x, y)])))
      return terms.reduce((s, t) => s + t, 0) / terms.length
    }
    const found = answer(maximumMeanDiscrepancy(a, b, { bandwidth: 1 }))
    expect(found.value).toBeCloseTo(mean(a, a, true) + mean(b, b, true) - 2 * mean(a, b, false), 12)
    expect(answer(maximumMeanDiscrepancy(rows(900, 0), b, { permutations: 5 })).rows).toEqual([500, 5])
  })

  test('keeps its level: without a difference p is below 0.1 as often as promised', () => {
    let found = 0
    for (let round = 0; round < 100; round++)
      if (answer(maximumMeanDiscrepancy(rows(20, 0), rows(20, 0), { permutations: 99, seed: round })).p <= 0.1) found++
    // binomial with 100 rounds of 0.1: 21 is exceeded once in 3,000 times
    expect(found).toBeLessThanOrEqual(21)
    expect(found).toBeGreaterThanOrEqual(2)
  })
})
