import { expect, test } from 'vitest'
import { driftMetrics } from '../../src/adapters/drift-metrics/index.generated.ts'
import attribution from '../../src/adapters/monitors/attribution.ts'
import type { AttributedDay, WindowView } from '../../src/contracts/monitor-kind.ts'
import { evaluateWindow } from '../../src/monitoring/evaluate-window.ts'
import { monitorSettings } from '../../src/monitoring/monitor-settings.ts'
import { wilsonInterval } from '../../src/statistics/proportions-test.ts'
import { seededRandom } from '../../src/statistics/seeded-random.ts'
import { noSlice } from '../../src/statistics/slice.ts'

const features = ['distance', 'hour', 'origin', 'carrier']
const usual = [3, 2, 1, 0.5]

/** Days of 200 explained rows each; what a day is like differs a little from the others. */
function daysOf(random: () => number, from: number, n: number, sizes: readonly number[]): AttributedDay[] {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return Array.from({ length: n }, (_, i) => {
    const weather = sizes.map(() => Math.exp(0.1 * normal()))
    const means = sizes.map((size, j) => Math.max(0, size * weather[j]! * (1 + normal() / Math.sqrt(200))))
    return { day: (from + i) * 86_400_000, rows: 1000, samples: 200, means }
  })
}

function stateOf(days: readonly AttributedDay[], before: readonly AttributedDay[]) {
  const window: WindowView = {
    revision: 1,
    start: 0,
    end: 1,
    days: days.length,
    slice: noSlice,
    parts: [],
    task: 'binary',
    actualsComplete: false,
    attributions: { features, days, before, method: 'tree' },
  }
  const [found] = evaluateWindow(window, undefined, monitorSettings.parse({}), {
    kinds: [attribution],
    metrics: driftMetrics,
  })
  return found!.scores[0]!
}

test('windows like the first days violate no more often than promised, others are found and say what moved', () => {
  const rounds = 300
  let [alarms, hits] = [0, 0]
  for (let round = 0; round < rounds; round++) {
    const random = seededRandom(round + 1)
    const before = daysOf(random, 0, 28, usual)
    if (stateOf(daysOf(random, 28, 7, usual), before).state === 'violation') alarms++
    const other = stateOf(daysOf(random, 28, 7, [2, 3, 1, 0.5]), before)
    if (other.state === 'violation') hits++
    expect(
      (other.definition.moved as { feature: string }[])
        .slice(0, 2)
        .map(({ feature }) => feature)
        .sort(),
    ).toEqual(['distance', 'hour'])
  }
  console.info(`attribution: ${alarms} of ${rounds} without change, ${hits} with`)
  expect(wilsonInterval({ successes: alarms, n: rounds }, 0.99).low).toBeLessThanOrEqual(attribution.alpha)
  expect(hits).toBeGreaterThan(0.95 * rounds)
})

test('fewer than seven days before say nothing', () => {
  const random = seededRandom(3)
  expect(stateOf(daysOf(random, 6, 7, usual), daysOf(random, 0, 6, usual))).toMatchObject({
    state: 'no_reference',
    value: null,
  })
})
