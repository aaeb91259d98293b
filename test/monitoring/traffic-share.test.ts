import { expect, test } from 'vitest'
import { driftMetrics } from '../../src/adapters/drift-metrics/index.generated.ts'
import drift from '../../src/adapters/monitors/drift.ts'
import type { WindowView } from '../../src/contracts/monitor-kind.ts'
import { evaluateWindow } from '../../src/monitoring/evaluate-window.ts'
import { day, hour } from '../../src/monitoring/event-day.ts'
import { monitorSettings } from '../../src/monitoring/monitor-settings.ts'
import { type HourRows, trafficWeights } from '../../src/monitoring/traffic-share.ts'
import { seededRandom } from '../../src/statistics/seeded-random.ts'
import { mergeSlices, noProfile, noSlice, type Slice } from '../../src/statistics/slice.ts'

/** Traffic of 20 rows an hour from 6 to 22, of which `share` goes to revision 2 and the rest to revision 1. */
function hoursOf(shares: readonly ((hour: number) => number)[]): HourRows[] {
  const random = seededRandom(3)
  return shares.flatMap((share, d) =>
    Array.from({ length: 16 }, (_, i) => i + 6).flatMap((h) => {
      const second = Array.from({ length: 20 }, () => random() < share(h)).filter(Boolean).length
      return [
        { revision: 1, hour: d * day + h * hour, rows: 20 - second, live: 20 - second },
        { revision: 2, hour: d * day + h * hour, rows: second, live: second },
      ].filter(({ rows }) => rows > 0)
    }),
  )
}

test('a day weighs as much as its traffic, however large a share of it a revision has', () => {
  const hours = hoursOf([() => 0.25, () => 0.5, () => 1])
  const weight = trafficWeights(hours)
  const rows = (d: number) =>
    hours.filter((h) => h.revision === 2 && Math.floor(h.hour / day) === d).reduce((n, h) => n + h.rows, 0)
  for (const d of [0, 1, 2]) expect(rows(d) * weight(2, d * day)).toBeCloseTo(320, 9)
  expect(weight(2, 2 * day)).toBe(1)
})

test('a day within which the share changed does not count: begun at noon, raised at noon, rows in shadow left out', () => {
  const weight = trafficWeights(
    hoursOf([(h) => (h < 14 ? 0 : 0.25), (h) => (h < 14 ? 0.1 : 0.5), (h) => (h > 15 && h < 19 ? 0 : 1)]),
  )
  for (const d of [0, 1, 2]) expect(weight(2, d * day)).toBe(0)
})

test('a stretch in shadow counts like the traffic it saw', () => {
  const shadowed = hoursOf([() => 0]).flatMap((h) => [h, { ...h, revision: 2, live: 0 }])
  expect(trafficWeights(shadowed)(2, 0)).toBe(1)
})

/** A day whose rows all have the weekday as a category. */
function weekday(d: number, rows: number): Slice {
  const categories = new Map([[`day ${d % 7}`, rows]])
  return { ...noSlice, rows, live: rows, features: new Map([['weekday', { ...noProfile, count: rows, categories }]]) }
}

test('a revision that gets more of the traffic every day shows no drift of the weekday', () => {
  const past = Array.from({ length: 35 }, (_, d) => weekday(d, 300 + (d % 3)))
  const shares = [1, 1, 0.25, 0.25, 0.5, 0.5, 1]
  const parts = shares.map((share, d) => ({ slice: weekday(d, Math.round(300 * share)), weight: 1 / share }))
  const judge = (some: WindowView['parts']) =>
    evaluateWindow(
      {
        revision: 2,
        start: 0,
        end: 7 * day,
        days: 7,
        slice: mergeSlices(some.map(({ slice }) => slice)),
        parts: some,
        task: 'binary',
        actualsComplete: true,
      },
      { scope: 'model/m/1', days: past, whole: mergeSlices(past) },
      monitorSettings.parse({}),
      { kinds: [drift], metrics: driftMetrics },
    )[0]!.scores.map(({ state }) => state)
  expect(judge(parts)).toEqual(['ok'])
  // what it was taken for without the weights
  expect(judge(parts.map((part) => ({ ...part, weight: 1 })))).toEqual(['violation'])
})
