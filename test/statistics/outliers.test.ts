import { expect, test } from 'vitest'
import { domainClassifier } from '../../src/statistics/domain-classifier.ts'
import { fitTailOutliers, tailOutlier } from '../../src/statistics/empirical-tail-outliers.ts'
import { fitHistogramOutliers, histogramOutlier } from '../../src/statistics/histogram-outliers.ts'
import { fitIsolationForest, isolationScore, meanPathLength } from '../../src/statistics/isolation-forest.ts'
import { fitMahalanobis, mahalanobis } from '../../src/statistics/mahalanobis.ts'
import {
  fitPrincipalComponents,
  reconstructionError,
  reconstructionErrorOf,
} from '../../src/statistics/principal-components.ts'
import { robustScale, robustZ } from '../../src/statistics/robust-z.ts'
import { randomNormal, seededRandom } from '../../src/statistics/seeded-random.ts'
import { compareWithOracle, expectNear } from './compare-with-oracle.ts'
import { answer } from './value.ts'

interface Case {
  x: number[][]
  row: number[]
  kept: number
  reconstruction: number[]
  mahalanobis: [number, number]
  ecod: number[]
  z: number[]
  isolation: number[]
}

/** Correlation of two arrays. */
function correlation(a: number[], b: number[]): number {
  const mean = (xs: number[]) => xs.reduce((s, x) => s + x, 0) / xs.length
  const [p, q] = [mean(a), mean(b)]
  const sum = (of: (i: number) => number) => a.reduce((s, _, i) => s + of(i), 0)
  const spread = Math.sqrt(sum((i) => (a[i]! - p) ** 2) * sum((i) => (b[i]! - q) ** 2))
  return sum((i) => (a[i]! - p) * (b[i]! - q)) / spread
}

compareWithOracle<Case>('outliers', 12, (c) => {
  const { fit } = answer(fitPrincipalComponents(c.x))
  expect(fit.components).toHaveLength(c.kept)
  const own = answer(fitMahalanobis(c.x, 0)).fit
  const far = mahalanobis(own, c.row)
  expectNear(far.value, c.mahalanobis[0], 'Mahalanobis', 1e-8)
  expectNear(far.p, c.mahalanobis[1], 'Mahalanobis p', 1e-8)
  expectNear(
    far.parts.reduce((a, b) => a + b, 0),
    far.value ** 2,
    'parts',
  )
  const tails = answer(fitTailOutliers(c.x)).fit
  const scale = answer(robustScale(c.x.map((row) => row[0]!)))
  const { forest } = answer(fitIsolationForest(c.x, { trees: 300 }))
  c.x.forEach((row, i) => {
    expectNear(reconstructionErrorOf(fit, row), c.reconstruction[i]!, `reconstruction of ${i}`, 1e-8)
    expectNear(tailOutlier(tails, row).value, c.ecod[i]!, `ECOD of ${i}`)
    expectNear(robustZ(scale, row[0]!), c.z[i]!, `robust z of ${i}`)
  })
  // two random forests of 300 trees: each score within some hundredths, the same order
  const scores = c.x.map((row) => isolationScore(forest, row))
  expect(correlation(scores, c.isolation)).toBeGreaterThan(0.97)
  scores.forEach((score, i) => {
    expect(Math.abs(score - c.isolation[i]!)).toBeLessThan(0.04)
  })
})

const random = seededRandom(606)
const normals = (n: number, d: number) =>
  Array.from({ length: n }, () => Array.from({ length: d }, () => randomNormal(random)))

test('a turn of correlations is seen by the reconstruction error and the domain classifier, though no column changes', () => {
  const together = (n: number, sign: number) => normals(n, 2).map(([a, b]) => [a!, sign * a! + 0.3 * b!])
  const [reference, same, turned] = [together(600, 1), together(400, 1), together(400, -1)]
  const { fit } = answer(fitPrincipalComponents(reference))
  const [before, after] = [answer(reconstructionError(fit, same)), answer(reconstructionError(fit, turned))]
  expect(after.low).toBeGreaterThan(2 * before.high)
  expect(answer(domainClassifier(reference, turned)).low).toBeGreaterThan(0.8)
  const none = answer(domainClassifier(reference, same))
  expect(none.low).toBeLessThan(0.5)
  expect(none.value).toBeLessThan(0.56)
})

test('the domain classifier names the column that changed', () => {
  const found = answer(
    domainClassifier(
      normals(200, 3),
      normals(200, 3).map(([a, b, c]) => [a!, b! + 2, c!]),
    ),
  )
  expect(found.low).toBeGreaterThan(0.8)
  expect(found.columns[1]).toBeGreaterThan(0.6)
})

test('the strangest row scores highest everywhere, and its column is named', () => {
  const rows = normals(300, 3)
  const strange = [0, 9, 0]
  const histogram = answer(fitHistogramOutliers(rows)).fit
  const tails = answer(fitTailOutliers(rows)).fit
  const own = answer(fitMahalanobis(rows)).fit
  const { forest } = answer(fitIsolationForest(rows))
  const highest = (of: (row: number[]) => number) => rows.reduce((most, row) => Math.max(most, of(row)), 0)
  for (const parts of [
    histogramOutlier(histogram, strange).parts,
    tailOutlier(tails, strange).parts,
    mahalanobis(own, strange).parts,
  ])
    expect(parts.indexOf(Math.max(...parts))).toBe(1)
  expect(mahalanobis(own, strange).value).toBeGreaterThan(highest((row) => mahalanobis(own, row).value))
  expect(isolationScore(forest, [9, 9, 9])).toBeGreaterThan(highest((row) => isolationScore(forest, row)))
  expect(histogramOutlier(histogram, [9, 9, 9]).value).toBeGreaterThanOrEqual(
    highest((row) => histogramOutlier(histogram, row).value),
  )
  expect(fitIsolationForest(rows)).toEqual(fitIsolationForest(rows))
  expect(meanPathLength(256)).toBeCloseTo(2 * (Math.log(255) + 0.5772156649015329) - 510 / 256, 12)
})

test('constant and dependent columns, missing values, few rows', () => {
  const constant = Array.from({ length: 40 }, (_, i) => [5, i])
  expect(Number.isFinite(reconstructionErrorOf(answer(fitPrincipalComponents(constant)).fit, [5, 3]))).toBe(true)
  expect(fitMahalanobis(constant, 0)).toMatchObject({ ok: false })
  expect(Number.isFinite(mahalanobis(answer(fitMahalanobis(constant)).fit, [5, 3]).value)).toBe(true)
  expect(mahalanobis(answer(fitMahalanobis(normals(9, 2))).fit, [Number.NaN, 1]).value).toBeNaN()
  expect(robustZ(answer(robustScale([3, 3, 3])), 3)).toBe(0)
  expect(robustZ(answer(robustScale([3, 3, 3])), 2)).toBe(-Infinity)
  expect(answer(robustScale([3, 3, 3, 3, 7])).scale).toBeCloseTo(1.2533141373155001 * 0.8, 12)
  const holes = Array.from({ length: 40 }, (_, i) => [i % 3 === 0 ? Number.NaN : i, 1])
  for (const score of [
    histogramOutlier(answer(fitHistogramOutliers(holes)).fit, [Number.NaN, 1]).value,
    tailOutlier(answer(fitTailOutliers(holes)).fit, [Number.NaN, 1]).value,
    isolationScore(answer(fitIsolationForest(holes)).forest, [Number.NaN, 1]),
    reconstructionErrorOf(answer(fitPrincipalComponents(holes)).fit, [Number.NaN, 1]),
  ])
    expect(Number.isFinite(score)).toBe(true)
  for (const few of [
    fitPrincipalComponents([]),
    fitMahalanobis([[1, 2]]),
    robustScale([Number.NaN]),
    fitHistogramOutliers([[1]]),
    fitTailOutliers([[1]]),
    fitIsolationForest([[1]]),
    domainClassifier([[1]], [[2]]),
  ])
    expect(few).toMatchObject({ ok: false, reason: 'too_few_samples' })
})
