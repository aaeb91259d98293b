import { expect, it } from 'vitest'
import { seededRandom } from '../../statistics/seeded-random.ts'
import type { Pair } from './recorded-pairs.ts'
import { pairWithFirst } from './recorded-pairs.ts'
import { day } from './replay-days.ts'
import { weeklyWorth, worthOf } from './worth.ts'
import { worthPlot } from './worth-plot.ts'

const pairs = (better: boolean): Pair[] => {
  const random = seededRandom(3)
  return Array.from({ length: 4000 }, (_, i) => {
    const truth = random()
    const noisy = Math.min(0.99, Math.max(0.01, truth + (random() - 0.5) * 0.8))
    const late = random() < truth
    return {
      id: String(i),
      time: Date.UTC(2001, 2, 5) + i * (day / 200),
      revision: 2,
      answered: better ? truth : noisy,
      never: better ? noisy : truth,
      late,
    }
  })
}

it('finds what is better, and in which direction', () => {
  const { logLoss, brier, auc, rows } = worthOf(pairs(true))
  expect(rows).toBe(4000)
  for (const loss of [logLoss!, brier!]) {
    expect(loss.high).toBeLessThan(0)
    expect(loss.retrained).toBeLessThan(loss.never)
    expect(loss.difference).toBeCloseTo(loss.retrained - loss.never, 10)
  }
  expect(auc!.low).toBeGreaterThan(0)
  expect(worthOf(pairs(false)).logLoss!.low).toBeGreaterThan(0)
})

it('says nothing of too few rows, and cuts weeks on Mondays', () => {
  expect(worthOf([]).logLoss).toBeNull()
  const weeks = weeklyWorth(pairs(true))
  expect(weeks.map(({ week }) => week)).toEqual(['2001-03-05', '2001-03-12', '2001-03-19'])
  expect(weeks.map(({ worth }) => worth.rows)).toEqual([1400, 1400, 1200])
  expect(worthPlot(weeks, ['2001-03-14'])).toContain('<circle')
})

it('pairs what callers got with the first revision, where the truth has come', () => {
  const row = (id: string, revision: number, shadow: boolean, score: number, actual: number | null) =>
    ({ id, time: 0, revision, shadow, score, actual }) as never
  expect(
    pairWithFirst([
      row('a', 2, false, 0.2, 1),
      row('a', 1, true, 0.4, 1),
      row('b', 2, false, 0.2, null),
      row('b', 1, true, 0.4, null),
      row('c', 1, false, 0.3, 0),
    ]),
  ).toEqual([
    { id: 'a', time: 0, revision: 2, answered: 0.2, never: 0.4, late: true },
    { id: 'c', time: 0, revision: 1, answered: 0.3, never: 0.3, late: false },
  ])
})
