import fc from 'fast-check'
import { expect, test } from 'vitest'
import { auc, scoreBins } from '../../src/statistics/auc.ts'
import { bootstrap } from '../../src/statistics/bootstrap.ts'
import { calibration, calibrationBinsOf, mergeCalibrationBins } from '../../src/statistics/calibration.ts'
import { confusionMatrixOf, mergeConfusionMatrices } from '../../src/statistics/confusion-matrix.ts'
import { precisionRecall } from '../../src/statistics/f-score.ts'
import { mase, pinball, smape } from '../../src/statistics/forecast-performance.ts'
import { multiClassPerformance, multiClassScores } from '../../src/statistics/multi-class-performance.ts'
import { multiLabelPerformance } from '../../src/statistics/multi-label-performance.ts'
import {
  averagePrecision,
  normalisedGain,
  type RankedQuery,
  rankingPerformance,
  reciprocalRank,
} from '../../src/statistics/ranking-performance.ts'
import { regressionScores } from '../../src/statistics/regression-scores.ts'
import { seededRandom } from '../../src/statistics/seeded-random.ts'
import {
  areaUnderPrecisionRecall,
  atThreshold,
  bestSeparation,
  confusionAtThresholds,
  gainCurve,
  precisionRecallCurve,
  rocCurve,
} from '../../src/statistics/threshold-curves.ts'
import { compareWithOracle, expectNear } from './compare-with-oracle.ts'
import { answer, value } from './value.ts'

interface Case {
  classes: string[]
  truth: string[]
  guess: string[]
  probabilities: number[][]
  multiClass: {
    accuracy: number
    balanced: number
    kappa: number
    matthews: number
    macro: number[]
    weighted: number[]
    logLoss: number
    brier: number
    auc: number | null
  }
  labels: string[]
  there: number[][]
  found: number[][]
  multiLabel: { subset: number; hamming: number; jaccard: number; f1Rows: number; micro: number; macro: number }
  y: number[]
  f: number[]
  regression: number[]
  queries: RankedQuery[]
  ndcg: number[]
  averagePrecision: (number | null)[]
  scores: number[]
  actuals: number[]
  roc: [number[], number[], number[]]
  pr: [number[], number[]]
  ap: number
  calibration: [number[], number[]]
  half: number[]
}

const each = (found: number[], wanted: readonly (number | null)[], what: string) => {
  expect(found.length, what).toBe(wanted.length)
  for (const [i, x] of found.entries()) expectNear(x, wanted[i]!, `${what}[${i}]`)
}

compareWithOracle<Case>('performance', 40, (c) => {
  const m = answer(multiClassPerformance(confusionMatrixOf(c.guess, c.truth), 0.95, 1))
  const w = c.multiClass
  each(
    [m.accuracy.value, m.balancedAccuracy, m.kappa, m.matthews],
    [w.accuracy, w.balanced, w.kappa, w.matthews],
    'classes',
  )
  for (const of of ['macro', 'weighted'] as const) each([m[of].precision, m[of].recall, m[of].f1], w[of], of)
  const scores = multiClassScores(c.classes, c.probabilities, c.truth, 0.95, 1, 1)
  each([value(scores.logLoss), value(scores.brier)], [w.logLoss, w.brier], 'scores of classes')
  if (w.auc !== null)
    expectNear(value(multiClassScores(c.classes, c.probabilities, c.truth, 0.95, 1, 2).auc), w.auc, 'AUC of classes')
  const sets = (rows: number[][]) => rows.map((row) => new Set(c.labels.filter((_, i) => row[i] === 1)))
  const l = answer(multiLabelPerformance(c.labels, sets(c.found), sets(c.there), 0.95, 1))
  const ml = c.multiLabel
  each(
    [value(l.subsetAccuracy), value(l.hammingLoss), value(l.jaccard), value(l.f1OfRows), l.micro.f1.value, l.macroF1],
    [ml.subset, ml.hamming, ml.jaccard, ml.f1Rows, ml.micro, ml.macro],
    'labels',
  )
  const r = answer(regressionScores(c.f, c.y))
  const absolute = answer(regressionScores(c.f.map(Math.abs), c.y.map(Math.abs)))
  each(
    [
      r.r2,
      r.explainedVariance,
      r.medianAbsoluteError,
      r.largestError,
      value(r.mape),
      absolute.rmsle,
      value(pinball(0.9, c.f, c.y)),
    ],
    c.regression,
    'regression',
  )
  each(
    c.queries.map((q) => normalisedGain(q, 5)),
    c.ndcg,
    'NDCG',
  )
  const strict = c.queries.map((q) => ({ ...q, relevance: q.relevance.map((x) => (x > 1 ? 1 : 0)) }))
  each(strict.map(averagePrecision), c.averagePrecision, 'average precision')
  const truth = c.actuals.map((y) => y === 1)
  const { points } = answer(confusionAtThresholds(scoreBins(c.scores, truth)))
  const roc = rocCurve(points)
  each(
    roc.map((p) => p.falsePositiveRate),
    c.roc[0],
    'FPR',
  )
  each(
    roc.map((p) => p.truePositiveRate),
    c.roc[1],
    'TPR',
  )
  each(
    roc.slice(1).map((p) => p.threshold),
    c.roc[2].slice(1),
    'thresholds',
  )
  const pr = precisionRecallCurve(points).reverse()
  each(
    pr.map((p) => p.precision),
    c.pr[0],
    'precision',
  )
  each(
    pr.map((p) => p.recall),
    c.pr[1],
    'recall',
  )
  expectNear(areaUnderPrecisionRecall(points), c.ap, 'area under precision and recall')
  const cal = answer(calibration(calibrationBinsOf(c.scores, truth)))
  each(
    cal.curve.map((p) => p.score),
    c.calibration[0],
    'calibration, score',
  )
  each(
    cal.curve.map((p) => p.share),
    c.calibration[1],
    'calibration, share',
  )
  const half = atThreshold(points.filter((p) => p.threshold >= 0.5).at(-1)!)
  each([half.precision.value, half.recall.value, half.f1.value, half.matthews], c.half, 'at ½')
})

test('forecasts by hand', () => {
  expect(value(smape([110, 0, 5], [100, 0, -5], 0.95, 3))).toBeCloseTo((20 / 210 + 0 + 2) / 3, 12)
  expect(value(mase([3, 5], [4, 7], [1, 3, 2, 6], 1, 0.95, 2))).toBeCloseTo(1.5 / (7 / 3), 12)
  expect(value(mase([3, 5], [4, 7], [1, 2, 3, 5], 2, 0.95, 2))).toBeCloseTo(1.5 / 2.5, 12)
  expect(mase([1], [1], [2, 2, 2])).toMatchObject({ ok: false, of: 'steps of history that vary' })
  expect(mase([1], [1], [2])).toMatchObject({ ok: false, of: 'steps of history' })
})

test('rankings by hand', () => {
  const query = { scores: [3, 2, 2, 1], relevance: [0, 1, 0, 1] }
  // the relevant item at rank 2 is tied with one that is not: its worst rank is 3
  expect(reciprocalRank(query)).toBeCloseTo(1 / 3, 12)
  expect(reciprocalRank(query, 2)).toBe(0)
  const found = rankingPerformance([query, { scores: [1], relevance: [0] }], 10, 0.95, 2)
  expect(value(found.hitRate)).toBe(0.5)
  expect(found.map).toMatchObject({ ok: false, had: 1 })
})

test('parts merge to the whole', () => {
  const rows = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('a', 'b', 'd')), { minLength: 1 })
  fc.assert(
    fc.property(rows, rows, (a, b) => {
      const of = (xs: [string, string][]) =>
        confusionMatrixOf(
          xs.map((x) => x[0]),
          xs.map((x) => x[1]),
        )
      const merged = multiClassPerformance(mergeConfusionMatrices(of(a), of(b)), 0.95, 1)
      expect(merged).toEqual(multiClassPerformance(of([...a, ...b]), 0.95, 1))
    }),
  )
  const scored = fc.array(fc.tuple(fc.integer({ min: 0, max: 64 }), fc.boolean()), { minLength: 1 })
  fc.assert(
    fc.property(scored, scored, (a, b) => {
      const of = (xs: [number, boolean][]) =>
        calibrationBinsOf(
          xs.map((x) => x[0] / 64),
          xs.map((x) => x[1]),
        )
      expect(mergeCalibrationBins(of(a), of(b))).toEqual(of([...a, ...b]))
    }),
  )
})

test('awkward input', () => {
  expect(multiClassPerformance(new Map())).toMatchObject({ ok: false, had: 0 })
  const one = answer(multiClassPerformance(confusionMatrixOf(Array(40).fill('x'), Array(40).fill('x'))))
  expect(one).toMatchObject({ accuracy: { value: 1 }, kappa: Number.NaN, matthews: 0, macro: { f1: 1 } })
  const many = Array.from({ length: 100_000 }, (_, i) => `k${i}`)
  expect(answer(multiClassPerformance(confusionMatrixOf(many, many))).classes).toHaveLength(100_000)
  expect(multiLabelPerformance([], [], [])).toMatchObject({ ok: false })
  expect(confusionAtThresholds(scoreBins([0.1, 0.2], [true, true]))).toMatchObject({ ok: false, of: 'negatives' })
  expect(calibration(calibrationBinsOf([Number.NaN], [true]))).toMatchObject({ ok: false, had: 0 })
  expect(regressionScores([1, Number.NaN], [1, 2])).toMatchObject({ ok: false, had: 1 })
  const constant = answer(regressionScores(Array(40).fill(5), Array(40).fill(5)))
  expect(constant).toMatchObject({ r2: 1, explainedVariance: 1 })
  expect(answer(regressionScores(Array(40).fill(4), Array(40).fill(5))).r2).toBeNaN()
})

test('a perfect and a reversed order', () => {
  const truth = Array.from({ length: 40 }, (_, i) => i >= 20)
  const curve = (scores: number[]) => answer(confusionAtThresholds(scoreBins(scores, truth))).points
  const up = truth.map((_, i) => i)
  expect(bestSeparation(curve(up))).toEqual({ value: 1, threshold: 20 })
  expect(areaUnderPrecisionRecall(curve(up))).toBe(1)
  expect(gainCurve(curve(up)).at(0)).toEqual({ depth: 0, gain: 0, lift: 2 })
  expect(gainCurve(curve(up)).at(-1)).toEqual({ depth: 1, gain: 1, lift: 1 })
  expect(bestSeparation(curve(up.map((x) => -x))).value).toBe(0)
})

test('intervals hold what they promise: F1 by the delta method, AUC by the bootstrap', () => {
  const random = seededRandom(4711)
  const truth = (2 * 0.24) / (2 * 0.24 + 0.14 + 0.06)
  let missed = 0
  for (let round = 0; round < 2000; round++) {
    const found = { right: 0, wrong: 0, missed: 0 }
    for (let i = 0; i < 300; i++) {
      const positive = random() < 0.3
      const called = random() < (positive ? 0.8 : 0.2)
      if (positive && called) found.right++
      else if (called) found.wrong++
      else if (positive) found.missed++
    }
    const { f1 } = precisionRecall(found)
    if (f1.low > truth || f1.high < truth) missed++
  }
  // 5 % promised; 2,000 rounds give a standard error of half a point
  expect(missed / 2000).toBeGreaterThan(0.03)
  expect(missed / 2000).toBeLessThan(0.075)
  const scores = Array.from({ length: 120 }, () => random())
  const actuals = scores.map((s) => random() < s)
  const analytic = answer(auc(scoreBins(scores, actuals)))
  const statistic = (rows: Uint32Array) => {
    const of = auc(
      scoreBins(
        Array.from(rows, (i) => scores[i]!),
        Array.from(rows, (i) => actuals[i]!),
      ),
    )
    return of.ok ? of.value : Number.NaN
  }
  const drawn = answer(bootstrap(120, statistic, { resamples: 300 }))
  expect(drawn.value).toBe(analytic.value)
  expect(drawn.error / analytic.error).toBeGreaterThan(0.85)
  expect(drawn.error / analytic.error).toBeLessThan(1.15)
  expect(answer(bootstrap(120, statistic, { resamples: 30 }))).toEqual(
    answer(bootstrap(120, statistic, { resamples: 30 })),
  )
  expect(bootstrap(3, () => 1)).toMatchObject({ ok: false, had: 3 })
})
