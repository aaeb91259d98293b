import { afterAll, beforeAll, expect, test } from 'vitest'
import { hourOf } from '../../src/monitoring/event-day.ts'
import { anyPrediction, day, openMonitoring } from './watch-flights.ts'

const key = { project: 'p', endpoint: 'e' }
const hour = 3_600_000
let stand: Awaited<ReturnType<typeof openMonitoring>>
beforeAll(async () => {
  stand = await openMonitoring()
})
afterAll(() => stand.close())

/** A prediction an hour, as they were made. */
const hourly = (endpoint: string, from: number, to: number) =>
  Array.from({ length: Math.floor((to - from) / hour) }, (_, i) => {
    const time = from + i * hour + 60_000
    return { ...anyPrediction(`${endpoint}-${time}`, time, i), receivedAt: time }
  })

async function look() {
  const { jobs, journal } = stand.environment
  const id = await journal.change({ actor: 'test' }, (change) =>
    jobs.enqueue(change, { kind: 'monitoring.freshness', project: '', payload: {} }),
  )
  for (;;) {
    const job = await jobs.get(id!)
    if (job?.state === 'succeeded') return
    if (job?.state === 'failed') throw new Error(JSON.stringify(job.error))
    await new Promise((done) => setTimeout(done, 20))
  }
}

const alerts = async (endpoint = key.endpoint) =>
  (await stand.monitoring.alerts.list(key.project, { endpoint })).filter(({ family }) => family === 'freshness')

test('predictions that stop raise one alert by the clock, which their return closes; a replay of the past raises none', async () => {
  const { monitoring } = stand
  const now = hourOf(Date.now())
  const silentSince = now - 30 * hour
  await monitoring.configure({ actor: 'user/test' }, key, { off: ['drift', 'quality', 'multivariate'] })
  await monitoring.ingest.predictions(key, hourly('e', now - 20 * day, silentSince))
  // the same, received long after it happened
  const replayed = { project: 'p', endpoint: 'replayed' }
  await monitoring.ingest.predictions(
    replayed,
    hourly('replayed', now - 20 * day, silentSince).map((row) => ({ ...row, receivedAt: row.time + 5 * day })),
  )
  await Promise.all([monitoring.settled(key), monitoring.settled(replayed)])
  await look()
  await look()
  expect(await alerts('replayed')).toEqual([])
  const [alert, ...others] = await alerts()
  expect(others).toEqual([])
  expect(alert).toMatchObject({ state: 'open', violations: [{ monitor: 'freshness.predictions' }] })
  expect(alert!.violations[0]!.value).toBeGreaterThanOrEqual(30)
  const overview = await monitoring.overview(key)
  expect(overview.families.find(({ family }) => family === 'freshness')).toMatchObject({ state: 'violation' })

  await monitoring.ingest.predictions(key, hourly('e', now - hour, now + hour))
  await monitoring.settled(key)
  await look()
  expect((await alerts())[0]).toMatchObject({ state: 'closed', reason: 'the next window is healthy' })
})

test('actuals that came every night and come no more are late', async () => {
  const { monitoring } = stand
  const late = { project: 'p', endpoint: 'late' }
  const now = hourOf(Date.now())
  const rows = hourly('late', now - 30 * day, now)
  await monitoring.configure({ actor: 'user/test' }, late, { off: ['drift', 'quality', 'multivariate'] })
  await monitoring.ingest.predictions(late, rows)
  await monitoring.ingest.actuals(
    late,
    rows
      .filter(({ time }) => time < now - 5 * day)
      .map(({ id, time }) => ({ id, value: 1, receivedAt: Math.floor(time / day + 1) * day })),
  )
  await monitoring.settled(late)
  await look()
  expect((await alerts('late'))[0]).toMatchObject({ state: 'open', violations: [{ monitor: 'freshness.actuals' }] })
})
