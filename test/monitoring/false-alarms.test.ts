import { expect, test } from 'vitest'
import { driftMetrics } from '../../src/adapters/drift-metrics/index.generated.ts'
import { monitors } from '../../src/adapters/monitors/index.generated.ts'
import type { ReferenceView, WindowView } from '../../src/contracts/monitor-kind.ts'
import { evaluateWindow } from '../../src/monitoring/evaluate-window.ts'
import { monitorSettings } from '../../src/monitoring/monitor-settings.ts'
import { binarySumsOf } from '../../src/statistics/binary-performance.ts'
import { type Random, randomNormal, seededRandom } from '../../src/statistics/seeded-random.ts'
import { sketchOf } from '../../src/statistics/sketch.ts'
import { type FeatureProfile, type Group, mergeSlices, noPerformance, type Slice } from '../../src/statistics/slice.ts'

const threshold = 0.3
const groups = ['a', 'b', 'c', 'd']

const numeric = (values: number[]): FeatureProfile => ({
  count: values.length,
  sum: values.reduce((s, x) => s + x, 0),
  sumSquares: values.reduce((s, x) => s + x * x, 0),
  minimum: Math.min(...values),
  maximum: Math.max(...values),
  sketch: sketchOf(values),
  categories: new Map(),
})

/** A day of a world whose outcomes are moved by a weather that lasts: the same law every day, so nothing changes. */
function makeDay(random: Random, rows: number, weather: number, shift = 0): Slice {
  const x: number[] = []
  const scores: number[] = []
  const actuals: boolean[] = []
  const byGroup = groups.map(() => ({ n: 0, selected: 0, positives: 0, truePositives: 0, falsePositives: 0 }))
  for (let i = 0; i < rows; i++) {
    const value = Math.exp(randomNormal(random))
    const g = Math.floor(random() ** 1.5 * groups.length)
    const logit = -1.5 + 0.5 * Math.log(value) + 0.2 * g
    const score = 1 / (1 + Math.exp(-logit))
    const actual = random() < 1 / (1 + Math.exp(-(logit + weather + shift)))
    x.push(value)
    scores.push(score)
    actuals.push(actual)
    const group = byGroup[g]!
    group.n++
    if (score >= threshold) group.selected++
    if (actual) group.positives++
    if (actual && score >= threshold) group.truePositives++
    if (!actual && score >= threshold) group.falsePositives++
  }
  return {
    rows,
    live: rows,
    features: new Map([
      ['x', numeric(x)],
      [
        'group',
        {
          ...numeric([0]),
          count: rows,
          sketch: new Map(),
          categories: new Map(groups.map((g, i) => [g, byGroup[i]!.n])),
        },
      ],
      ['$score', numeric(scores)],
    ]),
    performance: { ...noPerformance, joined: rows, binary: binarySumsOf(scores, actuals, threshold) },
    groups: new Map(
      groups.map((g, i): [string, Group] => [
        `group=${g}`,
        { ...byGroup[i]!, negatives: byGroup[i]!.n - byGroup[i]!.positives, performance: noPerformance },
      ]),
    ),
  }
}

function makeWorld(random: Random, shift: number): { window: WindowView; reference: ReferenceView } {
  let weather = 0.3 * randomNormal(random)
  const days = Array.from({ length: 31 + 10 + 7 }, (_, i) => {
    weather = 0.4 * weather + 0.3 * Math.sqrt(1 - 0.16) * randomNormal(random)
    // the days between are not looked at
    return i >= 31 && i < 41 ? undefined : makeDay(random, i < 31 ? 500 : 150, weather, i < 31 ? 0 : shift)
  })
  const past = days.slice(0, 31) as Slice[]
  const slice = mergeSlices(days.slice(-7) as Slice[])
  return {
    reference: { scope: 'model/m/1', days: past, whole: mergeSlices(past) },
    window: { revision: 1, start: 0, end: 7 * 86_400_000, days: 7, slice, task: 'binary', actualsComplete: true },
  }
}

function rates(rounds: number, shift: number, seed: number): Record<string, number> {
  const random = seededRandom(seed)
  const settings = monitorSettings.parse({})
  const alarms: Record<string, number> = {}
  for (let round = 0; round < rounds; round++) {
    const { window, reference } = makeWorld(random, shift)
    for (const { family, scores } of evaluateWindow(window, reference, settings, {
      kinds: monitors,
      metrics: driftMetrics,
    }))
      alarms[family] = (alarms[family] ?? 0) + (scores.some((s) => s.state === 'violation') ? 1 : 0)
  }
  return Object.fromEntries(Object.entries(alarms).map(([family, n]) => [family, n / rounds]))
}

test('windows without change violate no more often than promised', () => {
  const rounds = 200
  const found = rates(rounds, 0, 2001)
  console.info(`false alarms over ${rounds} windows without change: ${JSON.stringify(found)}`)
  for (const kind of monitors) {
    // three standard errors of the count that the promise allows
    const allowed = kind.alpha + 3 * Math.sqrt((kind.alpha * (1 - kind.alpha)) / rounds)
    expect(found[kind.family], kind.family).toBeLessThanOrEqual(allowed)
  }
})

test('outcomes whose odds double are found in the first full window', () => {
  const found = rates(30, 1, 7)
  console.info(`found in the first window: ${JSON.stringify(found)}`)
  expect(found.performance).toBeGreaterThan(0.7)
})
