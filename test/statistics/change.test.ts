import { expect, test } from 'vitest'
import { adwinStep, adwinWindow, newAdwin } from '../../src/statistics/adwin.ts'
import { type ChangePoint, changePointStep, newChangePoint } from '../../src/statistics/bayesian-change-point.ts'
import { cusumStep, noCusum } from '../../src/statistics/cusum.ts'
import { driftDetectionStep, noDriftDetectionMethod } from '../../src/statistics/drift-detection-method.ts'
import { type Ewma, ewmaStep } from '../../src/statistics/ewma-chart.ts'
import { noPageHinkley, pageHinkleyStep } from '../../src/statistics/page-hinkley.ts'
import { randomNormal, seededRandom } from '../../src/statistics/seeded-random.ts'
import { compareWithOracle, expectNear } from './compare-with-oracle.ts'

interface Case {
  x: number[]
  wrong: number[]
  at: number
  pageHinkley: number[]
  ddm: number[]
  adwin: number[]
  ewma: [number, number][]
  cusum: [number, number][]
  bayes: number[]
}

const prior = { mean: 0, weight: 1, shape: 1, scale: 1 }

function pageHinkleyOn(values: readonly number[]): number[] {
  let state = noPageHinkley
  return values.flatMap((x, i) => {
    const step = pageHinkleyStep(state, x, { threshold: 20 })
    state = step.drift ? noPageHinkley : step.state
    return step.drift ? [i] : []
  })
}

function ddmOn(wrong: readonly number[]): number[] {
  let state = noDriftDetectionMethod
  return wrong.flatMap((x, i) => {
    const step = driftDetectionStep(state, x === 1)
    state = step.verdict === 'drift' ? noDriftDetectionMethod : step.state
    return step.verdict === 'drift' ? [i] : []
  })
}

function adwinOn(values: readonly number[]): number[] {
  const state = newAdwin()
  return values.flatMap((x, i) => (adwinStep(state, x).drift ? [i] : []))
}

compareWithOracle<Case>('change', 25, (c) => {
  expect(pageHinkleyOn(c.x)).toEqual(c.pageHinkley)
  expect(ddmOn(c.wrong)).toEqual(c.ddm)
  // river leaves out the cut before the last bucket of each size, and starts anew after a drift: its first look may differ
  const adwin = adwinOn(c.x)
  expect(adwin.length > 0).toBe(c.adwin.length > 0)
  if (c.adwin.length > 0) expect(Math.abs(adwin[0]! - c.adwin[0]!)).toBeLessThanOrEqual(32)
  let ewma: Ewma | undefined
  let cusum = noCusum
  c.ewma.forEach(([value, half], i) => {
    const step = ewmaStep(ewma, c.x[i]!, { mean: 0, deviation: 1, width: 3 })
    ewma = step.state
    expectNear(step.state.value, value, `EWMA ${i}`)
    expectNear(step.high, half, `EWMA limit ${i}`)
    cusum = cusumStep(cusum, c.x[i]!, { mean: 0, deviation: 1 }).state
    expectNear(cusum.high, c.cusum[i]![0], `CUSUM ${i}`)
    expectNear(cusum.low, c.cusum[i]![1], `CUSUM ${i}`)
  })
  let bayes: ChangePoint = newChangePoint(prior)
  let chances = new Map<number, number>()
  for (const x of c.x.slice(0, c.bayes.length - 1)) {
    const step = changePointStep(bayes, x, { prior, expected: 100 })
    bayes = step.state
    chances = step.chances
  }
  c.bayes.forEach((chance, length) => {
    expectNear(chances.get(length)!, chance, `chance of ${length}`)
  })
})

test('false alarms are as rare as promised', () => {
  const random = seededRandom(2024)
  const runLength = (step: (x: number) => boolean) => {
    for (let n = 1; ; n++) if (step(randomNormal(random))) return n
  }
  const mean = (start: () => (x: number) => boolean) => {
    let sum = 0
    for (let round = 0; round < 600; round++) sum += runLength(start())
    return sum / 600
  }
  // run lengths are near to exponential: 600 rounds give a standard error of 4 %
  const cusum = mean(() => {
    let state = noCusum
    return (x) => {
      const step = cusumStep(state, x, { mean: 0, deviation: 1 })
      state = step.state
      return step.drift !== null
    }
  })
  expect(cusum / 465).toBeGreaterThan(0.86)
  expect(cusum / 465).toBeLessThan(1.14)
  const ewma = mean(() => {
    let state: Ewma | undefined
    return (x) => {
      const step = ewmaStep(state, x, { mean: 0, deviation: 1 })
      state = step.state
      return step.drift !== null
    }
  })
  expect(ewma / 500).toBeGreaterThan(0.84)
  expect(ewma / 500).toBeLessThan(1.14)
  let adwin = 0
  for (let round = 0; round < 40; round++)
    adwin += adwinOn(Array.from({ length: 500 }, () => randomNormal(random))).length
  expect(adwin).toBeLessThanOrEqual(1)
})

test('ADWIN keeps the mean of what it holds, in few buckets, and forgets what was before', () => {
  const state = newAdwin()
  for (let i = 0; i < 5000; i++) adwinStep(state, i % 7)
  expect(state.buckets.length).toBeLessThan(6 * 13)
  const whole = adwinWindow(state)
  expect(whole.n).toBe(5000)
  const values = Array.from({ length: 5000 }, (_, i) => i % 7)
  const centre = values.reduce((a, b) => a + b, 0) / 5000
  expect(whole.mean).toBeCloseTo(centre, 12)
  expect(whole.variance).toBeCloseTo(values.reduce((s, x) => s + (x - centre) ** 2, 0) / 5000, 9)
  for (let i = 0; i < 1000; i++) adwinStep(state, 20 + (i % 7))
  expect(adwinWindow(state).mean).toBeGreaterThan(20)
  expect(adwinWindow(newAdwin()).n).toBe(0)
})

test('a Bayesian change point is found where it is; a constant and missing values change nothing', () => {
  const random = seededRandom(12)
  const values = Array.from({ length: 200 }, (_, i) => randomNormal(random) + (i < 120 ? 0 : 4))
  let state = newChangePoint(prior)
  let length = 0
  for (const x of values) ({ state, length } = changePointStep(state, x, { prior }))
  expect(Math.abs(length - 80)).toBeLessThanOrEqual(2)
  expect(state.runs.length).toBe(201)
  expect(changePointStep(state, Number.NaN, { prior }).state.runs).toEqual(state.runs)
  expect(changePointStep(state, 4, { prior, most: 20 }).state.runs).toHaveLength(20)
  expect(pageHinkleyOn(Array(500).fill(3))).toEqual([])
  expect(pageHinkleyStep(noPageHinkley, Number.NaN).state).toBe(noPageHinkley)
  expect(adwinOn(Array(500).fill(3))).toEqual([])
  expect(ddmOn(Array(500).fill(0))).toEqual([])
  expect(cusumStep(noCusum, Number.NaN, { mean: 0, deviation: 1 })).toEqual({ state: noCusum, drift: null })
})
