import { expect, test } from 'vitest'
import { confidenceSequence } from '../../src/statistics/confidence-sequence.ts'
import { jensenShannon } from '../../src/statistics/jensen-shannon.ts'
import { type Moments, momentsOf, noMoments } from '../../src/statistics/moments.ts'
import { type Random, randomNormal, seededRandom } from '../../src/statistics/seeded-random.ts'
import { calibrateDistance, calibratedP, calibrateMean, limits, widenForRows } from '../../src/statistics/threshold.ts'
import { answer, value } from './value.ts'

/** Days of a series whose neighbours correlate by `rho`, with variance 1. */
function series(random: Random, days: number, rho: number): number[] {
  const x = [randomNormal(random)]
  while (x.length < days) x.push(rho * x.at(-1)! + Math.sqrt(1 - rho * rho) * randomNormal(random))
  return x
}

const mean = (x: number[]) => x.reduce((a, b) => a + b, 0) / x.length

test.each([0, 0.4, 0.6])('a mean without change violates as often as promised (neighbours correlate by %s)', (rho) => {
  const random = seededRandom(41)
  const rounds = 3000
  let alarms = 0
  for (let round = 0; round < rounds; round++) {
    const days = series(random, 31 + 14 + 7, rho)
    const calibration = answer(calibrateMean(days.slice(0, 31), 7))
    if (mean(days.slice(-7)) > limits(calibration, 0.05, 'above').high) alarms++
  }
  const rate = alarms / rounds
  console.info(`false alarms of means, rho ${rho}: ${rate.toFixed(4)} (promised 0.05)`)
  expect(rate).toBeLessThan(0.065)
  expect(rate).toBeGreaterThan(0.015)
})

/** A day's counts over ten bins, whose odds move a little from day to day. */
function day(random: Random, rows: number, wobble: number): number[] {
  const weights = Array.from({ length: 10 }, () => Math.exp(wobble * randomNormal(random)))
  const sum = weights.reduce((a, b) => a + b, 0)
  const counts = new Array<number>(10).fill(0)
  for (let i = 0; i < rows; i++) {
    let u = random() * sum
    let bin = 0
    while (bin < 9 && u > weights[bin]!) u -= weights[bin++]!
    counts[bin]!++
  }
  return counts
}

const sum = (days: number[][]) => days[0]!.map((_, i) => days.reduce((a, d) => a + d[i]!, 0))

test.each([
  [0, 200],
  [0.15, 200],
  [0.15, 60],
])(
  'a distance without change violates as often as promised (wobble %s, %s rows a day in the window)',
  (wobble, rows) => {
    const random = seededRandom(7)
    const rounds = 800
    let alarms = 0
    for (let round = 0; round < rounds; round++) {
      const reference = Array.from({ length: 28 }, () => day(random, 200, wobble))
      const window = Array.from({ length: 7 }, () => day(random, rows, wobble))
      const distance = (a: number[], b: number[]) => value(jensenShannon(a, b))
      const calibration = widenForRows(answer(calibrateDistance(reference, 7, distance)), rows / 200)
      if (distance(sum(reference), sum(window)) > limits(calibration, 0.05, 'above').high) alarms++
    }
    const rate = alarms / rounds
    console.info(`false alarms of distances, wobble ${wobble}, rows ${rows}: ${rate.toFixed(4)} (promised 0.05)`)
    expect(rate).toBeLessThan(0.07)
  },
)

test('limits and p-values say the same; too few buckets are said', () => {
  const calibration = answer(calibrateMean([1, 2, 1, 3, 2, 1, 2, 2, 1, 3], 2))
  for (const side of ['above', 'below', 'both'] as const) {
    const { low, high } = limits(calibration, 0.01, side)
    const edge = Number.isFinite(high) ? high : low
    expect(calibratedP(calibration, edge, side)).toBeCloseTo(0.01, 9)
  }
  expect(calibrateMean([1, 2, 3], 1)).toMatchObject({ ok: false, needed: 7, had: 3 })
  expect(calibrateDistance([[1], [1]], 1, () => 0)).toMatchObject({ ok: false })
  expect(limits(answer(calibrateMean(Array(10).fill(3), 2)), 0.01, 'both')).toEqual({ low: 3, high: 3 })
})

test('a confidence sequence looked at after every batch misses as rarely as promised, and finds a real difference', () => {
  const random = seededRandom(99)
  const add = (m: Moments, rate: number, rows: number): Moments => {
    let hits = 0
    for (let i = 0; i < rows; i++) if (random() < rate) hits++
    return { n: m.n + rows, sum: m.sum + hits, sumSquares: m.sumSquares + hits }
  }
  const run = (rateB: number) => {
    let a = noMoments
    let b = noMoments
    for (let look = 0; look < 100; look++) {
      a = add(a, 0.2, 50)
      b = add(b, rateB, 50)
      const found = confidenceSequence(a, b, { effect: 0.05 })
      if (found.ok && (found.low > 0 || found.high < 0)) {
        expect(found.p).toBeLessThan(0.05)
        return true
      }
    }
    return false
  }
  const rounds = 400
  const wrong = Array.from({ length: rounds }, () => run(0.2)).filter(Boolean).length / rounds
  const right = Array.from({ length: 50 }, () => run(0.3)).filter(Boolean).length / 50
  console.info(`confidence sequence, 100 looks: false ${wrong.toFixed(4)} (promised at most 0.05), found ${right}`)
  expect(wrong).toBeLessThanOrEqual(0.06)
  expect(right).toBeGreaterThan(0.95)
  expect(confidenceSequence(momentsOf([1]), momentsOf([0]), { effect: 0.1 })).toMatchObject({ ok: false })
})
