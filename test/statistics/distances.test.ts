import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chiSquareFit, chiSquareTest } from '../../src/statistics/chi-square-test.ts'
import { hellinger } from '../../src/statistics/hellinger.ts'
import { jensenShannon } from '../../src/statistics/jensen-shannon.ts'
import { kolmogorovSmirnov, kolmogorovSmirnovOfCounts } from '../../src/statistics/kolmogorov-smirnov.ts'
import { lInfinity } from '../../src/statistics/l-infinity.ts'
import { populationStabilityIndex } from '../../src/statistics/population-stability-index.ts'
import { proportionsTest, wilsonInterval } from '../../src/statistics/proportions-test.ts'
import { sketchOf } from '../../src/statistics/sketch.ts'
import { totalVariation } from '../../src/statistics/total-variation.ts'
import { wasserstein, wassersteinOfSketches } from '../../src/statistics/wasserstein.ts'
import { oracle } from './oracle.ts'
import { answer, value } from './value.ts'

const p = [10, 20, 30, 40, 0]
const q = [12, 15, 33, 20, 6]

describe('against SciPy, statsmodels and the published values', () => {
  test('distances', () => {
    expect(value(jensenShannon(p, q))).toBeCloseTo(oracle.js, 12)
    expect(value(jensenShannon([1, 0], [1, 1]))).toBeCloseTo(0.46450140402245893, 14)
    expect(value(hellinger(p, q))).toBeCloseTo(oracle.hellinger, 12)
    expect(value(wasserstein([0, 1, 3], [5, 6, 8]))).toBeCloseTo(5, 14)
    expect(value(wasserstein(oracle.a, oracle.b))).toBeCloseTo(oracle.wasserstein, 12)
    expect(value(totalVariation([1, 0], [0, 9]))).toBe(1)
  })

  test('Kolmogorov-Smirnov, exact, with ties', () => {
    const ks = answer(kolmogorovSmirnov(oracle.a, oracle.b))
    expect(ks.value).toBeCloseTo(oracle.ks[0], 12)
    expect(ks.p).toBeCloseTo(oracle.ks[1], 9)
    const ties = answer(kolmogorovSmirnov([1, 2, 2, 3, 3], [1, 2, 3, 3, 4, 5, 6]))
    expect(ties.value).toBeCloseTo(oracle.ksties[0], 12)
    expect(ties.p).toBeCloseTo(oracle.ksties[1], 9)
  })

  test('χ² and proportions', () => {
    const published = answer(chiSquareTest([10, 10, 20], [20, 20, 20]))
    expect(published.value).toBeCloseTo(2.7777777777777777, 12)
    expect(published.p).toBeCloseTo(0.24935220877729619, 12)
    const fit = answer(chiSquareFit([16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8]))
    expect(fit.value).toBeCloseTo(3.5, 12)
    expect(fit.p).toBeCloseTo(0.62338762774958223, 12)
    const contingency = answer(chiSquareTest(p, q))
    expect([contingency.value, contingency.df]).toEqual([expect.closeTo(oracle.chi2c[0], 9), oracle.chi2c[2]])
    expect(contingency.p).toBeCloseTo(oracle.chi2c[1], 12)
    const z = answer(proportionsTest({ successes: 40, n: 100 }, { successes: 55, n: 110 }))
    expect(-z.z).toBeCloseTo(oracle.prop[0], 12)
    expect(z.p).toBeCloseTo(oracle.prop[1], 12)
    expect([z.low, z.high]).toEqual(oracle.newcombe.map((x) => expect.closeTo(x, 9)))
    const wilson = wilsonInterval({ successes: 40, n: 100 })
    expect([wilson.low, wilson.high]).toEqual(oracle.wilson.map((x) => expect.closeTo(x, 9)))
  })
})

const counts = fc.array(fc.nat(1000), { minLength: 5, maxLength: 5 }).filter((c) => c.some((n) => n > 0))
const distances = { jensenShannon, hellinger, lInfinity, totalVariation, populationStabilityIndex }

describe.each(Object.entries(distances))('%s', (name, distance) => {
  test('is zero on equal shares, symmetric, never negative, and needs rows', () => {
    fc.assert(
      fc.property(counts, counts, (a, b) => {
        expect(value(distance(a, a))).toBeCloseTo(0, 7)
        expect(value(distance(a, b))).toBeCloseTo(value(distance(b, a)), 9)
        expect(value(distance(a, b))).toBeGreaterThanOrEqual(0)
        if (name !== 'populationStabilityIndex')
          expect(
            value(
              distance(
                a.map((n) => n * 7),
                b,
              ),
            ),
          ).toBeCloseTo(value(distance(a, b)), 9)
      }),
    )
    expect(distance([0, 0], [1, 2])).toMatchObject({ ok: false, reason: 'too_few_samples' })
  })
})

test('PSI stays bounded when bins are empty', () => {
  expect(value(populationStabilityIndex([100, 0], [95, 5]))).toBeLessThan(0.3)
})

test('binned KS is at most the exact one; Wasserstein of sketches stays within its stated error', () => {
  const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(numbers, numbers, (a, b) => {
      const edges = [-1000, -1, 0, 1, 1000, Infinity]
      const bin = (xs: number[]) =>
        edges.map((e, i) => xs.filter((x) => x <= e && x > (edges[i - 1] ?? -Infinity)).length)
      expect(value(kolmogorovSmirnovOfCounts(bin(a), bin(b)))).toBeLessThanOrEqual(
        value(kolmogorovSmirnov(a, b)) + 1e-12,
      )
      const mean = (xs: number[]) => xs.reduce((s, x) => s + Math.abs(x), 0) / xs.length
      const gap = value(wassersteinOfSketches(sketchOf(a), sketchOf(b))) - value(wasserstein(a, b))
      expect(Math.abs(gap)).toBeLessThanOrEqual(0.01 * (mean(a) + mean(b)) + 1e-9)
    }),
  )
})
