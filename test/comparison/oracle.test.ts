import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Comparison } from '../../src/comparison/comparison.ts'
import { type Columns, comparisonStand } from './compare.ts'

type Two<T> = [T, T]
const oracle = JSON.parse(readFileSync(new URL('./oracle.json', import.meta.url), 'utf8')) as {
  tables: Two<Columns>
  mean: Two<number>
  deviation: Two<number>
  missing: Two<number>
  quantiles: Two<number[]>
  ks: Two<number>
  chi2: Two<number>
  js: number
  evidently: { jensenshannon: number; ks: number }
  pearson: Two<number>
} & Record<'auc' | 'logLoss' | 'brier' | 'accuracy' | 'macroF1', Two<number>>

const stand = comparisonStand()
let comparison: Comparison
let classes: Comparison
const scoreOf = (monitor: string, feature: string) =>
  comparison.scores.find((score) => score.monitor === monitor && score.feature === feature)!
const featureOf = (name: string) => comparison.features.find((feature) => feature.feature === name)!

beforeAll(async () => {
  const files = oracle.tables.map((table) =>
    stand.parquet({ ...table, predicted: table.score!.map((score) => ((score as number) >= 0.5 ? 1 : 0)) }),
  ) as Two<string>
  comparison = await stand.compare(...files, { target: 'truth', score: 'score' })
  classes = await stand.compare(...files, { target: 'truth', prediction: 'predicted', columns: ['x'] })
})
afterAll(stand.close)

test('moments and missing values are those of pandas', () => {
  const { current, against } = featureOf('x')
  ;[against!, current].forEach((side, i) => {
    expect(side.mean).toBeCloseTo(oracle.mean[i]!, 9)
    expect(side.deviation).toBeCloseTo(oracle.deviation[i]!, 9)
  })
  expect([featureOf('y').against!.missing, featureOf('y').current.missing]).toEqual(oracle.missing)
})

test('quantiles lie within 1 % of those of pandas', () => {
  const { current, against } = featureOf('x')
  ;[against!, current].forEach((side, i) => {
    Object.values(side.quantiles!).forEach((value, q) => {
      const exact = oracle.quantiles[i]![q]!
      expect(Math.abs(value - exact)).toBeLessThanOrEqual(0.0101 * Math.abs(exact))
    })
  })
})

test('tests of a short reference are those of SciPy and Evidently', () => {
  const ks = scoreOf('drift.distance', 'y')
  expect((ks.definition.threshold as { statistic: number }).statistic).toBeCloseTo(oracle.ks[0], 12)
  expect(ks.p).toBeCloseTo(oracle.ks[1], 9)
  expect(ks.p).toBeCloseTo(oracle.evidently.ks, 9)
  const chi = scoreOf('drift.distance', 'c')
  expect((chi.definition.threshold as { statistic: number }).statistic).toBeCloseTo(oracle.chi2[0], 9)
  expect(chi.p).toBeCloseTo(oracle.chi2[1], 9)
})

test('the Jensen-Shannon distance of categories is that of SciPy and Evidently', () => {
  expect(scoreOf('drift.distance', 'c').value).toBeCloseTo(oracle.js, 12)
  expect(scoreOf('drift.distance', 'c').value).toBeCloseTo(oracle.evidently.jensenshannon, 12)
})

test('correlations are those of pandas', () => {
  const pair = comparison.correlations.find(({ first, second }) => first === 'x' && second === 'y')!
  // rows in which every number is there, as all of the tables' pairs are compared over the same rows
  expect(pair.reference).toBeCloseTo(oracle.pearson[0], 9)
  expect(pair.current).toBeCloseTo(oracle.pearson[1], 9)
})

test('performance is that of scikit-learn', () => {
  const metric = (from: Comparison, name: string) => from.performance!.metrics.find((one) => one.name === name)!
  for (const name of ['logLoss', 'brier', 'accuracy'] as const) {
    expect(metric(comparison, name).reference).toMatchObject({ ok: true, value: expect.closeTo(oracle[name][0], 9) })
    expect(metric(comparison, name).current).toMatchObject({ ok: true, value: expect.closeTo(oracle[name][1], 9) })
  }
  const auc = metric(comparison, 'auc')
  ;[auc.reference!, auc.current!].forEach((found, i) => {
    const { ok, value, binning } = found as unknown as { ok: boolean; value: number; binning: number }
    expect(ok).toBe(true)
    expect(Math.abs(value - oracle.auc[i]!)).toBeLessThanOrEqual(binning + 1e-12)
  })
  for (const name of ['accuracy', 'macroF1'] as const)
    expect(metric(classes, name).current).toMatchObject({ value: expect.closeTo(oracle[name][1], 9) })
})
