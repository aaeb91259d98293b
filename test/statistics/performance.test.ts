import fc from 'fast-check'
import { expect, test } from 'vitest'
import { auc, hanleyMcNeilError, scoreBins } from '../../src/statistics/auc.ts'
import { aucDifference } from '../../src/statistics/auc-difference.ts'
import { benjaminiHochberg } from '../../src/statistics/benjamini-hochberg.ts'
import {
  binaryPerformance,
  binarySumsOf,
  calibrationInTheLarge,
  mergeBinarySums,
} from '../../src/statistics/binary-performance.ts'
import { estimatedPerformance } from '../../src/statistics/estimated-performance.ts'
import { demographicParity, equalisedOdds, equalOpportunity, type GroupCounts } from '../../src/statistics/fairness.ts'
import { meanEstimate, mergeMoments, momentsOf } from '../../src/statistics/moments.ts'
import { pairedDifference } from '../../src/statistics/paired-difference.ts'
import {
  mergeRegressionSums,
  regressionPerformance,
  regressionSumsOf,
} from '../../src/statistics/regression-performance.ts'
import { seededRandom } from '../../src/statistics/seeded-random.ts'
import { sketchOf } from '../../src/statistics/sketch.ts'
import { fairlearn, oracle } from './oracle.ts'
import { answer, value } from './value.ts'

const actuals = oracle.y.map((y) => (y as number) === 1)

test('binary performance agrees with scikit-learn', () => {
  const found = binaryPerformance(binarySumsOf(oracle.s1, actuals))
  expect(value(found.logLoss)).toBeCloseTo(oracle.ll, 12)
  expect(value(found.brier)).toBeCloseTo(oracle.brier, 12)
  const exact = answer(auc(scoreBins(oracle.s1, actuals)))
  expect(exact.value).toBeCloseTo(oracle.auc1, 12)
  expect(exact.error).toBeCloseTo(oracle.delong1, 12)
  expect(exact.binning).toBeLessThan(0.02)
  const binned = answer(found.auc)
  expect(Math.abs(binned.value - exact.value)).toBeLessThanOrEqual(binned.binning)
  expect(hanleyMcNeilError(exact.value, 24, 36) / exact.error).toBeCloseTo(1, 0)
})

test('paired differences agree with DeLong by hand and SciPy', () => {
  const found = answer(aucDifference(oracle.s1, oracle.s2, actuals))
  expect(found.value).toBeCloseTo(oracle.auc2 - oracle.auc1, 12)
  expect((found.high - found.value) / 1.959963984540054).toBeCloseTo(oracle.delongd, 12)
  const paired = answer(pairedDifference(oracle.a.slice(0, 18), oracle.b))
  expect([paired.value, paired.low, paired.high, paired.p]).toEqual(oracle.paired.map((x) => expect.closeTo(x, 9)))
  const mean = answer(meanEstimate(momentsOf(oracle.a)))
  expect([mean.value, mean.low, mean.high]).toEqual(oracle.mean.map((x) => expect.closeTo(x, 9)))
  const bh = benjaminiHochberg([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216], 0.05)
  expect(bh.adjusted).toEqual(oracle.bh.map((x) => expect.closeTo(x, 12)))
  expect(bh.rejected.filter(Boolean)).toHaveLength(2)
})

test('fairness agrees with fairlearn', () => {
  const groups = new Map<string, GroupCounts>()
  fairlearn.group.forEach((g, i) => {
    const key = String(g)
    const c = groups.get(key) ?? { n: 0, selected: 0, truePositives: 0, falsePositives: 0, positives: 0, negatives: 0 }
    const [y, p] = [fairlearn.actual[i]!, fairlearn.predicted[i]!]
    groups.set(key, {
      n: c.n + 1,
      selected: c.selected + p,
      truePositives: c.truePositives + (p && y),
      falsePositives: c.falsePositives + (p && 1 - y),
      positives: c.positives + y,
      negatives: c.negatives + 1 - y,
    })
  })
  const parity = answer(demographicParity(groups, 1))
  expect(parity.difference).toBeCloseTo(fairlearn.parityDifference, 12)
  expect(parity.ratio).toBeCloseTo(fairlearn.parityRatio, 12)
  expect(answer(equalisedOdds(groups, 1)).difference).toBeCloseTo(fairlearn.oddsDifference, 12)
  expect(answer(equalOpportunity(groups, 1)).difference).toBeCloseTo(fairlearn.opportunityDifference, 12)
  expect(demographicParity(groups, 1000)).toMatchObject({ ok: false, needed: 2, had: 0 })
})

test('sums of parts merge to the sums of the whole', () => {
  const rows = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean()), {
    minLength: 2,
    maxLength: 80,
  })
  fc.assert(
    fc.property(rows, rows, (a, b) => {
      const of = (r: [number, boolean][]) =>
        binarySumsOf(
          r.map((x) => x[0]),
          r.map((x) => x[1]),
        )
      const merged = binaryPerformance(mergeBinarySums(of(a), of(b)))
      const whole = binaryPerformance(of([...a, ...b]))
      for (const key of ['logLoss', 'brier', 'auc', 'calibration', 'accuracy'] as const) {
        expect(merged[key].ok).toBe(whole[key].ok)
        if (merged[key].ok) expect(value(merged[key])).toBeCloseTo(value(whole[key]), 9)
      }
    }),
  )
  const [a, b] = [regressionSumsOf([1, 2], [2, 4]), regressionSumsOf([5, 5, 7], [5, 4, 9])]
  const whole = regressionPerformance(regressionSumsOf([1, 2, 5, 5, 7], [2, 4, 5, 4, 9]), 0.95, 2)
  expect(regressionPerformance(mergeRegressionSums(a, b), 0.95, 2)).toEqual(whole)
  expect(value(whole.rmse)).toBeCloseTo(Math.sqrt(2), 12)
  expect(value(whole.mae)).toBeCloseTo(1.2, 12)
  expect(mergeMoments(momentsOf([1]), momentsOf([2]))).toEqual(momentsOf([1, 2]))
})

test('too few samples is said, never a number', () => {
  const one = binaryPerformance(binarySumsOf([0.5], [true]))
  for (const metric of Object.values(one)) expect(metric).toMatchObject({ ok: false, reason: 'too_few_samples' })
  expect(auc(scoreBins(Array(100).fill(0.1), Array(100).fill(true)))).toMatchObject({
    ok: false,
    of: 'negatives',
    had: 0,
  })
  expect(calibrationInTheLarge(binarySumsOf([], []))).toMatchObject({ ok: false, had: 0 })
})

test('performance estimated without labels holds the realised one as often as promised', () => {
  const random = seededRandom(20010101)
  const misses = { logLoss: 0, brier: 0, accuracy: 0, auc: 0 }
  const rounds = 400
  for (let round = 0; round < rounds; round++) {
    const scores = Array.from({ length: 500 }, () => random() ** 2)
    const truth = scores.map((s) => random() < s)
    const estimated = estimatedPerformance(sketchOf(scores))
    const realised = binaryPerformance(binarySumsOf(scores, truth))
    for (const key of ['logLoss', 'brier', 'accuracy', 'auc'] as const) {
      const [e, r] = [answer(estimated[key]), value(realised[key])]
      if (r < e.low || r > e.high) misses[key]++
    }
  }
  // 5 % promised; 400 rounds give a standard error of 1.1 points
  for (const missed of Object.values(misses)) expect(missed / rounds).toBeLessThan(0.085)
  for (const key of ['logLoss', 'brier', 'accuracy'] as const) expect(misses[key] / rounds).toBeGreaterThan(0.02)
})
