import { afterAll, beforeAll, expect, test } from 'vitest'
import { anyPrediction, day, openMonitoring } from './watch-flights.ts'

const key = { project: 'p', endpoint: 'e' }
const start = Date.parse('2026-02-02T00:00:00Z')
let stand: Awaited<ReturnType<typeof openMonitoring>>
beforeAll(async () => {
  stand = await openMonitoring()
})
afterAll(() => stand.close())

const scores = async (monitor: string) =>
  (await stand.monitoring.scores(key, { monitor })).filter(({ windowEnd }) => windowEnd === start + 2 * day)

test('classes in other words are a finding that names both, not an error rate of one; a mapping makes them one', async () => {
  const { monitoring } = stand
  const window = { window_days: 1, min_rows: 50 }
  await monitoring.configure({ actor: 'user/test' }, key, window)
  const rows = Array.from({ length: 400 }, (_, i) => ({
    ...anyPrediction(`r${i}`, start + Math.floor(i * (day / 200)), i),
    score: (i % 10) / 10,
    label: i % 10 >= 5 ? 'yes' : 'no',
  }))
  await monitoring.ingest.predictions(key, [...rows, anyPrediction('next', start + 2 * day, 0)])
  await monitoring.ingest.actuals(
    key,
    rows.map(({ id }, i) => ({ id, value: i % 10 >= 5 && i % 4 > 0 ? 'true' : 'false', receivedAt: start + 3 * day })),
  )
  await monitoring.settled(key)
  const [finding] = await scores('quality.labels')
  expect(finding).toMatchObject({
    state: 'violation',
    value: 1,
    definition: { predicted: expect.arrayContaining(['yes', 'no']), actual: expect.arrayContaining(['true', 'false']) },
  })
  expect(finding!.definition.todo).toContain('labels: {')
  expect((await scores('performance')).filter(({ value }) => value !== null)).toEqual([])
  const [alert] = await monitoring.alerts.list('p', { endpoint: 'e' })
  expect(alert).toMatchObject({
    family: 'quality',
    violations: expect.arrayContaining([expect.objectContaining({ monitor: 'quality.labels' })]),
  })

  await monitoring.configure({ actor: 'user/test' }, key, {
    ...window,
    labels: { yes: 1, no: 0, true: true, false: 0 },
  })
  await monitoring.configure({ actor: 'user/test' }, key, { ...window, labels: { yes: 1, no: 0, true: 1, false: 0 } })
  await monitoring.settled(key)
  expect(await scores('quality.labels')).toMatchObject([{ state: 'ok', value: 0 }])
  const [taken] = await monitoring.alerts.list('p', { endpoint: 'e' })
  expect(taken).toMatchObject({ state: 'closed' })
  const performance = await scores('performance')
  expect(performance.find(({ monitor }) => monitor === 'performance.auc')!.value).toBeGreaterThan(0.7)
})
