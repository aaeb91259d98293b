import { expect, test } from 'vitest'
import { estimatedLoss, fitLossModel } from '../../src/statistics/direct-loss-estimation.ts'
import { fitBoosting } from '../../src/statistics/gradient-boosting.ts'
import { fitIsotonic, isotonicAt } from '../../src/statistics/isotonic-regression.ts'
import {
  calibrateRow,
  fitMultiClassCalibration,
  multiClassEstimate,
} from '../../src/statistics/multi-class-estimate.ts'
import { randomNormal, seededRandom } from '../../src/statistics/seeded-random.ts'
import { predictTrees } from '../../src/statistics/tree-ensemble.ts'
import { compareWithOracle, expectNear } from './compare-with-oracle.ts'
import { answer } from './value.ts'

interface Case {
  classes: string[]
  probabilities: number[][]
  truth: string[]
  guess: string[]
  calibrated: number[][]
  accuracy: number
  f1: number
  auc: number
}

compareWithOracle<Case>('without-labels', 40, (c) => {
  const { calibration } = answer(fitMultiClassCalibration(c.classes, c.probabilities, c.truth, 1))
  const calibrated = c.probabilities.map((row) => calibrateRow(calibration, row))
  calibrated.forEach((row, i) => {
    row.forEach((p, k) => {
      expectNear(p, c.calibrated[i]![k]!, `calibrated ${i}, ${k}`)
    })
  })
  const found = multiClassEstimate(c.classes, calibrated, c.guess)
  expectNear(answer(found.accuracy).value, c.accuracy, 'accuracy')
  expectNear(answer(found.macroF1).value, c.f1, 'F1')
  if (found.auc.ok) expectNear(found.auc.value, c.auc, 'AUC')
})

test('isotonic fits rise, take what rises as it is, and say NaN without rows', () => {
  expect(fitIsotonic([1, 2, 3], [1, 2, 3])).toEqual({ x: [1, 2, 3], y: [1, 2, 3] })
  expect(fitIsotonic([1, 2, 3], [3, 2, 1])).toEqual({ x: [1, 3], y: [2, 2] })
  expect(isotonicAt(fitIsotonic([], []), 1)).toBeNaN()
  expect(isotonicAt({ x: [0, 1], y: [0, 10] }, 0.25)).toBe(2.5)
})

test('M-CBPE holds the realised accuracy and F1 as often as promised', () => {
  const random = seededRandom(31)
  const classes = ['a', 'b', 'c']
  const missed = { accuracy: 0, macroF1: 0 }
  const rounds = 400
  for (let round = 0; round < rounds; round++) {
    const rows = Array.from({ length: 300 }, () => {
      const raw = classes.map(() => random() ** 2 + 0.01)
      const sum = raw.reduce((a, b) => a + b, 0)
      return raw.map((x) => x / sum)
    })
    const draw = (p: number[]) => {
      const at = random()
      return at < p[0]! ? 'a' : at < p[0]! + p[1]! ? 'b' : 'c'
    }
    const truth = rows.map(draw)
    const guess = rows.map((p) => classes[p.indexOf(Math.max(...p))]!)
    const found = multiClassEstimate(classes, rows, guess)
    const accuracy = truth.filter((t, i) => t === guess[i]).length / truth.length
    const f1 = classes.map((c) => {
      const right = truth.filter((t, i) => t === c && guess[i] === c).length
      return (2 * right) / (truth.filter((t) => t === c).length + guess.filter((g) => g === c).length)
    })
    const realised = { accuracy, macroF1: f1.reduce((a, b) => a + b, 0) / 3 }
    for (const key of ['accuracy', 'macroF1'] as const) {
      const estimate = answer(found[key])
      if (realised[key] < estimate.low || realised[key] > estimate.high) missed[key]++
    }
  }
  // 5 % promised; 400 rounds give a standard error of 1.1 points
  for (const misses of Object.values(missed)) {
    expect(misses / rounds).toBeLessThan(0.085)
    expect(misses / rounds).toBeGreaterThan(0.015)
  }
})

test('boosted trees learn a step and its noise, and send NaN where it was', () => {
  const random = seededRandom(5)
  const rows = Array.from({ length: 600 }, () => [random(), random()])
  const model = fitBoosting(
    rows,
    rows.map((row) => (row[0]! > 0.5 ? 3 : -1)),
    { trees: 80 },
  )
  expect(predictTrees(model, [0.9, 0.1])).toBeCloseTo(3, 1)
  expect(predictTrees(model, [0.1, 0.9])).toBeCloseTo(-1, 1)
  expect(Number.isFinite(predictTrees(model, [Number.NaN, 0.5]))).toBe(true)
  expect(fitBoosting([], []).base).toBe(0)
})

test('DLE sees a loss that grows with a feature, and its interval holds the realised loss', () => {
  const random = seededRandom(77)
  const draw = (n: number, shift: number) => {
    const inputs = Array.from({ length: n }, () => [random() + shift, random()])
    return { inputs, losses: inputs.map((row) => Math.abs(randomNormal(random) * (0.2 + Math.min(1, row[0]!)))) }
  }
  const reference = draw(2000, 0)
  const { lossModel } = answer(fitLossModel(reference.inputs, reference.losses, 200, { trees: 30 }))
  let missed = 0
  for (let round = 0; round < 100; round++) {
    const window = draw(200, round % 2 === 0 ? 0 : 0.4)
    const found = answer(estimatedLoss(lossModel, window.inputs))
    const realised = window.losses.reduce((a, b) => a + b, 0) / 200
    if (realised < found.low || realised > found.high) missed++
  }
  expect(missed).toBeLessThanOrEqual(15)
  const [same, shifted] = [draw(500, 0), draw(500, 0.5)].map((w) => answer(estimatedLoss(lossModel, w.inputs)))
  expect(shifted!.value).toBeGreaterThan(same!.value * 1.25)
  expect(fitLossModel([[1]], [1])).toMatchObject({ ok: false, had: 1 })
  expect(estimatedLoss(lossModel, [])).toMatchObject({ ok: false, had: 0 })
})
