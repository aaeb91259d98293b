import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeWorld } from '../../bench/truth/simulated-world.ts'
import { driftMetrics } from '../../src/adapters/drift-metrics/index.generated.ts'
import { monitors } from '../../src/adapters/monitors/index.generated.ts'
import { evaluateWindow } from '../../src/monitoring/evaluate-window.ts'
import { monitorSettings } from '../../src/monitoring/monitor-settings.ts'
import { seededRandom } from '../../src/statistics/seeded-random.ts'
import { anyPrediction, day, openMonitoring } from './watch-flights.ts'

const key = { project: 'p', endpoint: 'e' }
const start = Date.parse('2026-03-02T00:00:00Z')
let stand: Awaited<ReturnType<typeof openMonitoring>>
beforeAll(async () => {
  stand = await openMonitoring()
  const random = seededRandom(11)
  const rows = Array.from({ length: 12 * 80 }, (_, i) => ({
    ...anyPrediction(`r${i}`, start + Math.floor(i / 20) * (day / 4), 0),
    latencyUs: 0,
    score: random(),
    features: { channel: random() < 0.5 ? 'web' : 'app', visitor: `v${Math.floor(random() * 700)}` },
  }))
  await stand.monitoring.configure({ actor: 'user/test' }, key, { window_days: 2, min_rows: 50 })
  await stand.monitoring.ingest.actuals(
    key,
    rows.map(({ id, score }) => ({ id, value: random() < score ? 1 : 0, receivedAt: start + 12 * day })),
  )
  await stand.monitoring.ingest.predictions(key, [
    ...rows,
    { ...anyPrediction('next', start + 12 * day, 0), latencyUs: 0 },
  ])
  await stand.monitoring.settled(key)
})
afterAll(() => stand.close())

test('fairness of a whole stretch is held against the first days, as drift is', async () => {
  const found = await stand.monitoring.views.fairness(key, { revision: 1, from: start, to: start + 12 * day })
  expect(found.reference).toContain('its first')
  const parity = found.attributes.flatMap(({ metrics }) => metrics).filter(({ name }) => name === 'demographic_parity')
  expect(parity.map(({ state }) => state)).toEqual(['ok'])
  expect(parity[0]!.reference).not.toBeNull()
})

test('a text that is another one nearly every time makes no groups', async () => {
  const segments = await stand.environment.events.query<{ segment: string }>(
    `SELECT DISTINCT segment FROM performance FINAL WHERE segment != '' ORDER BY segment`,
  )
  expect(segments.map(({ segment }) => segment)).toEqual(['channel=app', 'channel=web'])
})

test('a latency that nobody measured is no latency of 0', async () => {
  const [row] = await stand.monitoring.predictions(key, { limit: 1 })
  expect(row!.latencyMs).toBeNull()
  const [median] = await stand.monitoring.scores(key, { monitor: 'service.latency_p50', limit: 1 })
  expect(median).toMatchObject({ value: null, state: 'too_few_samples', samples: 0 })
})

test('limits that the settings fix hold on both sides, of every family', () => {
  const world = makeWorld(
    seededRandom(3),
    { referenceDays: 31, referenceRows: 120, rows: 120, windowDays: 7 },
    { weather: 0.3, lasting: 0.4 },
    { weather: 0.3, lasting: 0.4 },
  )
  const window = world.window(6)
  for (const monitor of ['drift.distance', 'quality.missing', 'performance.log_loss', 'multivariate.mahalanobis']) {
    const judge = (limit: { low?: number; high?: number }) =>
      evaluateWindow(window, world.reference, monitorSettings.parse({ min_rows: 50, limits: { [monitor]: limit } }), {
        kinds: monitors.filter(({ family }) => family === monitor.split('.')[0]),
        metrics: driftMetrics,
      })[0]!.scores.filter((score) => score.monitor === monitor && score.value !== null)
    expect(judge({ low: -1 }).length, monitor).toBeGreaterThan(0)
    for (const score of judge({ low: 1e9 })) expect(score).toMatchObject({ state: 'violation', thresholdLow: 1e9 })
    for (const score of judge({ low: -1, high: 1e9 })) expect(score.state).toBe('ok')
  }
})
