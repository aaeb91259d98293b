import { expect, test } from 'vitest'
import { defineMonitorKind } from '../../src/contracts/monitor-kind.ts'
import { anyPrediction, day, openMonitoring } from './watch-flights.ts'

const key = { project: 'p', endpoint: 'e' }
const start = Date.parse('2001-03-05T00:00:00Z')
const rows = Array.from({ length: 300 }, (_, i) => anyPrediction(`r${i}`, start + i * 480_000, i))

test('a monitor that cannot run says so, closes no alert, and its windows are tried again', async () => {
  let broken = false
  const kind = defineMonitorKind({
    family: 'picky',
    title: 'Picky',
    description: 'violates, or breaks',
    alpha: 0.01,
    monitors: [{ name: 'picky.one', title: 'One', unit: '' }],
    evaluate(window) {
      if (broken) throw new Error('out of order')
      const value = window.slice.rows
      return [
        {
          monitor: 'picky.one',
          feature: '',
          segment: '',
          value,
          low: null,
          high: null,
          samples: value,
          thresholdLow: null,
          thresholdHigh: 1,
          state: value > 1 ? 'violation' : 'ok',
          p: null,
          definition: {},
        },
      ]
    },
  })
  const { monitoring, environment, close } = await openMonitoring(undefined, undefined, [kind])
  await monitoring.configure({ actor: 'user/test' }, key, { window_days: 1, healthy_windows: 1 })
  await monitoring.ingest.predictions(key, rows)
  await monitoring.settled(key)
  const [open] = await monitoring.alerts.list('p')
  expect(open).toMatchObject({ state: 'open', family: 'picky' })
  broken = true
  await monitoring.ingest.predictions(key, [{ ...rows[0]!, id: 'next', time: start + 2.5 * day }])
  await monitoring.settled(key)
  const [score] = await monitoring.scores(key, { monitor: 'picky', limit: 1 })
  expect(score).toMatchObject({ state: 'failed', value: null, definition: { failed: 'out of order' } })
  const overview = await monitoring.overview(key)
  expect(overview.families[0]!.state).toBe('failed')
  expect(overview.waiting).toBeGreaterThan(0)
  // neither healthy nor taken back
  expect(await monitoring.alerts.list('p')).toMatchObject([{ id: open!.id, state: 'open' }])
  const again = (await environment.jobs.list({ kind: 'monitoring.evaluate', state: 'queued' })).filter(
    (job) => (job.payload as { again?: boolean }).again,
  )
  expect(again).toHaveLength(1)
  broken = false
  await monitoring.ingest.predictions(key, [{ ...rows[0]!, id: 'later', time: start + 2.6 * day }])
  await monitoring.settled(key)
  expect((await monitoring.overview(key)).waiting).toBe(0)
  expect((await monitoring.scores(key, { monitor: 'picky' })).every(({ state }) => state !== 'failed')).toBe(true)
  await close()
})
