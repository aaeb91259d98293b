import { expect, test } from 'vitest'
import { type Law, makeWorld, type Shape } from '../../bench/truth/simulated-world.ts'
import { driftMetrics } from '../../src/adapters/drift-metrics/index.generated.ts'
import { monitors } from '../../src/adapters/monitors/index.generated.ts'
import { evaluateWindow } from '../../src/monitoring/evaluate-window.ts'
import { monitorSettings } from '../../src/monitoring/monitor-settings.ts'
import { wilsonInterval } from '../../src/statistics/proportions-test.ts'
import { seededRandom } from '../../src/statistics/seeded-random.ts'

// the long form, with more sizes and detection delays, is bench/truth/false-alarms.ts
const settings = monitorSettings.parse({ min_rows: 50 })
const weather: Law = { weather: 0.3, lasting: 0.4 }
const week: Shape = { referenceDays: 31, referenceRows: 120, rows: 120, windowDays: 7 }

function alarmsOf(rounds: number, shape: Shape, seed: number, after?: Partial<Law>): Map<string, number> {
  const random = seededRandom(seed)
  const alarms = new Map(monitors.map(({ family }) => [family, 0]))
  for (let round = 0; round < rounds; round++) {
    const world = makeWorld(random, shape, weather, { ...weather, ...after })
    // behind the days that are from before the change
    const window = world.window(shape.windowDays - 1)
    for (const { family, scores } of evaluateWindow(window, world.reference, settings, {
      kinds: monitors,
      metrics: driftMetrics,
    }))
      if (scores.some((s) => s.state === 'violation')) alarms.set(family, alarms.get(family)! + 1)
  }
  return alarms
}

test.each([
  ['weeks', week, 100],
  ['days', { ...week, windowDays: 1 }, 100],
] as const)('windows without change violate no more often than promised: %s', (_, shape, rounds) => {
  const found = alarmsOf(rounds, shape, 2001)
  console.info(`false alarms over ${rounds} windows without change: ${JSON.stringify(Object.fromEntries(found))}`)
  for (const { family, alpha } of monitors)
    expect(wilsonInterval({ successes: found.get(family)!, n: rounds }, 0.99).low, family).toBeLessThanOrEqual(alpha)
})

test.each([
  ['performance', 'odds of the outcome × 4', { outcome: Math.log(4) }],
  ['drift', 'a feature that shifts by a standard deviation', { level: 1 }],
  ['multivariate', 'two features that depend on each other the other way round', { correlation: -0.8 }],
  ['quality', 'missing values in 30 % of the rows instead of 3 %', { missing: 0.3 }],
  ['quality', 'a feature in another unit', { unit: 1000 }],
  ['quality', 'a new category in a twentieth of the rows', { fresh: 0.05 }],
] as const)('%s finds in the first full window: %s', (family, _, after) => {
  expect(alarmsOf(15, week, 7, after).get(family)).toBeGreaterThanOrEqual(12)
})
