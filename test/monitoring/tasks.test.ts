import { expect, test } from 'vitest'
import type { RecordedPrediction } from '../../src/monitoring/encode-predictions.ts'
import { windowSpec } from '../../src/monitoring/windows/window-spec.ts'
import { performanceCurves, performanceWindows } from '../../src/protocols/kedge/schemas/monitoring-views.ts'
import { randomNormal, seededRandom } from '../../src/statistics/seeded-random.ts'
import { day, openMonitoring } from './watch-flights.ts'

const start = Date.parse('2001-03-05T00:00:00Z')
const days = 18
const each = 120
const view = { spec: windowSpec('4d', { step: '4d' }), against: { kind: 'training' } as const }

interface Made {
  row: Partial<RecordedPrediction> & Pick<RecordedPrediction, 'features' | 'score' | 'label'>
  actual: number | string
}

/** Days of rows whose actuals are known but for the last four days. */
async function replay(world: Awaited<ReturnType<typeof openMonitoring>>, endpoint: string, make: (d: number) => Made) {
  const key = { project: 'p', endpoint }
  const rows: RecordedPrediction[] = []
  const actuals: { id: string; value: number | string; receivedAt: number }[] = []
  for (let d = 0; d < days; d++)
    for (let i = 0; i < each; i++) {
      const { row, actual } = make(d)
      const id = `${endpoint}/${d}/${i}`
      const time = start + d * day + i * 600_000
      rows.push({ id, time, receivedAt: time, revision: 1, shadow: false, caller: '', latencyUs: 100, ...row })
      if (d < days - 4) actuals.push({ id, value: actual, receivedAt: time })
    }
  await world.monitoring.ingest.predictions(key, rows)
  await world.monitoring.ingest.actuals(key, actuals)
  await world.monitoring.settled(key)
  return key
}

test('classifiers of several classes and regressions are measured where the truth is there and estimated where it is not', async () => {
  const world = await openMonitoring()
  const random = seededRandom(11)
  const names = ['cat', 'dog', 'eel']
  const confidence = () => 0.4 + 0.6 * random()
  const classes = await replay(world, 'animals', () => {
    const score = confidence()
    const label = names[Math.floor(random() * 3)]!
    const actual = random() < score ? label : names[(names.indexOf(label) + 1) % 3]!
    return { row: { features: { size: random() }, score, label }, actual }
  })
  const measured = performanceWindows.parse(await world.monitoring.views.performance(classes, view))
  expect(measured.task).toBe('multiclass')
  const known = measured.windows.find((w) => w.actualsComplete && w.rows === 4 * each)!
  expect(known.realised.accuracy!.value).toBeGreaterThan(0.6)
  expect(known.realised.accuracy!.value).toBeLessThan(0.8)
  expect(known.realised.macro_f1!.value).toBeGreaterThan(0.6)
  const late = measured.windows.at(-1)!
  expect(late.realised.accuracy).toBeNull()
  expect(late.estimated.accuracy!.low).toBeLessThan(0.7)
  expect(late.estimated.accuracy!.high).toBeGreaterThan(0.7)
  const curves = performanceCurves.parse(
    await world.monitoring.views.curves(classes, { revision: 1, from: start, to: start + days * day }),
  )
  expect(curves.confusion!.classes).toEqual(names)
  expect(curves.confusion!.counts.flat().reduce((a, b) => a + b)).toBe((days - 4) * each)
  // an animal is never taken for the one before it
  expect(curves.confusion!.counts[0]![1]).toBe(0)
  const scores = await world.monitoring.scores(classes, { monitor: 'performance.error_rate' })
  expect(scores.length).toBeGreaterThan(0)

  // the error grows with x, and x grows at the end: the labels are not there yet
  const regression = await replay(world, 'prices', (d) => {
    const x = random() + (d >= days - 4 ? 1 : 0) * 0.5
    const noise = randomNormal(random) * x
    return { row: { features: { x }, score: 10 * x, label: '' }, actual: 10 * x + noise }
  })
  const priced = performanceWindows.parse(await world.monitoring.views.performance(regression, view))
  expect(priced.task).toBe('regression')
  const before = priced.windows.find((w) => w.actualsComplete && w.rows === 4 * each)!
  const after = priced.windows.at(-1)!
  expect(before.realised.mae!.value).toBeCloseTo(0.4, 1)
  expect(after.realised.mae).toBeNull()
  expect(after.estimated.mae!.value).toBeGreaterThan(before.realised.mae!.value + 0.15)
  await world.close()
}, 120_000)
