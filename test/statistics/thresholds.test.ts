import { expect, test } from 'vitest'
import { confidenceSequence } from '../../src/statistics/confidence-sequence.ts'
import { jensenShannon } from '../../src/statistics/jensen-shannon.ts'
import { forecastLimits, forecastMean, forecastP, meanPosterior } from '../../src/statistics/mean-forecast.ts'
import { type Moments, momentsOf, noMoments } from '../../src/statistics/moments.ts'
import { wilsonInterval } from '../../src/statistics/proportions-test.ts'
import { type Random, randomNormal, seededRandom } from '../../src/statistics/seeded-random.ts'
import { studentUpper } from '../../src/statistics/student-t.ts'
import {
  forecastDistance,
  forecastRuns,
  fromNearNormal,
  toNearNormal,
  widenForRows,
} from '../../src/statistics/threshold.ts'
import { answer, value } from './value.ts'

/** Days of a series whose neighbours correlate by `rho`, with variance 1. */
function series(random: Random, days: number, rho: number): number[] {
  const x = [randomNormal(random)]
  while (x.length < days) x.push(rho * x.at(-1)! + Math.sqrt(1 - rho * rho) * randomNormal(random))
  return x
}

const mean = (x: number[]) => x.reduce((a, b) => a + b, 0) / x.length

test.each([
  [31, 7, 0, 0],
  [31, 7, 0.4, 0],
  [31, 7, 0.6, 1],
  [31, 1, 0.6, 0],
  [14, 7, 0.4, 1],
  [90, 7, 0.6, 1],
])(
  'a mean without change violates at most as often as promised (%s days, window of %s, neighbours correlate by %s, noise %s)',
  (days, window, rho, noise) => {
    const random = seededRandom(41)
    const rounds = 800
    let alarms = 0
    for (let round = 0; round < rounds; round++) {
      const seen = series(random, days + 14 + window, rho).map((x) => x + Math.sqrt(noise) * randomNormal(random))
      const past = seen.slice(0, days)
      const posterior = answer(
        meanPosterior(
          past,
          past.map(() => noise),
        ),
      )
      const forecast = forecastMean(posterior, Array(window).fill(1), noise / window)
      if (mean(seen.slice(-window)) > forecastLimits(forecast, 0.05, 'above').high) alarms++
    }
    const interval = wilsonInterval({ successes: alarms, n: rounds })
    console.info(`false alarms of means: ${(alarms / rounds).toFixed(4)} (promised 0.05)`)
    expect(interval.low).toBeLessThanOrEqual(0.05)
  },
)

test('independent days without noise give nearly Student’s t, whatever the unit', () => {
  const random = seededRandom(5)
  const days = Array.from({ length: 400 }, () => randomNormal(random))
  const spread = Math.sqrt(days.reduce((s, x) => s + (x - mean(days)) ** 2, 0) / 399)
  for (const unit of [1, 1e-6, 1e6]) {
    const posterior = answer(
      meanPosterior(
        days.map((x) => x * unit),
        days.map(() => 0),
      ),
    )
    const p = forecastP(forecastMean(posterior, [1], 0), (mean(days) + 2 * spread) * unit, 'above')
    expect(p).toBeCloseTo(studentUpper(2 / Math.sqrt(1 + 1 / 400), 399), 3)
  }
})

test('days that weigh more make the window vary more; noise and few days widen it', () => {
  const random = seededRandom(6)
  const days = series(random, 31, 0.3)
  const posterior = answer(
    meanPosterior(
      days,
      days.map(() => 0.1),
    ),
  )
  const scale = (weights: number[], noise = 0) => forecastMean(posterior, weights, noise).scale
  expect(scale([9, 1, 1, 1, 1, 1, 1])).toBeGreaterThan(scale([1, 1, 1, 1, 1, 1, 1]))
  expect(scale([2, 2, 2])).toBeCloseTo(scale([1, 1, 1]), 12)
  expect(scale([1, 1, 1], 0.5)).toBeGreaterThan(scale([1, 1, 1]))
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
  [0, 200, 7],
  [0.15, 200, 7],
  [0.15, 60, 7],
  [0.15, 200, 1],
])(
  'a distance without change violates at most as often as promised (wobble %s, %s rows a day, windows of %s)',
  (wobble, rows, days) => {
    const random = seededRandom(7)
    const rounds = 300
    let alarms = 0
    for (let round = 0; round < rounds; round++) {
      const reference = Array.from({ length: 28 }, () => day(random, 200, wobble))
      const window = Array.from({ length: days }, () => day(random, rows, wobble))
      const distance = (a: number[], b: number[]) => value(jensenShannon(a, b))
      const forecast = widenForRows(answer(forecastDistance(reference, days, distance)), rows / 200)
      const high = fromNearNormal(forecastLimits(forecast, 0.05, 'above').high)
      if (distance(sum(reference), sum(window)) > high) alarms++
    }
    const interval = wilsonInterval({ successes: alarms, n: rounds })
    console.info(
      `false alarms of distances, wobble ${wobble}, rows ${rows}: ${(alarms / rounds).toFixed(4)} (promised 0.05)`,
    )
    expect(interval.low).toBeLessThanOrEqual(0.05)
  },
)

test('limits and p-values say the same; too few buckets are said; a constant stays where it is', () => {
  const forecast = answer(forecastRuns([1, 2, 1, 3, 2, 1, 2, 2, 1, 3]))
  for (const side of ['above', 'below', 'both'] as const) {
    const { low, high } = forecastLimits(forecast, 0.01, side)
    const edge = Number.isFinite(high) ? high : low
    expect(forecastP(forecast, edge, side)).toBeCloseTo(0.01, 9)
  }
  expect(meanPosterior([1, 2, 3], [0, 0, 0])).toMatchObject({ ok: false, needed: 7, had: 3 })
  expect(forecastDistance([[1], [1]], 1, () => 0)).toMatchObject({ ok: false })
  const constant = answer(forecastRuns(Array(10).fill(3)))
  expect(forecastLimits(constant, 0.01, 'both')).toEqual({ low: 3, high: 3 })
  expect(forecastP(constant, 4, 'above')).toBe(0)
  expect(fromNearNormal(toNearNormal(0.3))).toBeCloseTo(0.3, 12)
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
