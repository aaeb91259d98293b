import { expect, test } from 'vitest'
import { anyPrediction, day, openMonitoring } from './watch-flights.ts'

// an alert depends on the rows of its window, not on when they came
const key = { project: 'p', endpoint: 'e' }
const start = Date.parse('2001-03-05T00:00:00Z')
const settings = { window_days: 1, off: ['drift', 'bias', 'quality'], limits: { 'service.volume': { low: 100 } } }

const rows = (count: number, at: number, name: string) =>
  Array.from({ length: count }, (_, i) => anyPrediction(`${name}${i}`, at + i * 60_000, i))
/** the first row of the next day: the day before is over, as far as anybody can know */
const next = rows(1, start + day, 'next')

test('an alert on a part of the rows is taken back when the rest has come', async () => {
  const { monitoring, close } = await openMonitoring()
  await monitoring.configure({ actor: 'user/test' }, key, settings)
  await monitoring.ingest.predictions(key, [...rows(60, start, 'a'), ...next])
  await monitoring.settled(key)
  expect(await monitoring.alerts.list('p')).toMatchObject([{ state: 'open', family: 'service' }])
  await monitoring.ingest.predictions(key, rows(60, start + 12 * 3_600_000, 'b'))
  await monitoring.settled(key)
  expect(await monitoring.alerts.list('p')).toMatchObject([
    { state: 'closed', violations: [], reason: expect.stringMatching(/^taken back/) },
  ])
  await close()
})

test('rows that come while their window is judged are judged with it: no alert, one verdict', async () => {
  let late: (() => Promise<void>) | undefined
  const { monitoring, close } = await openMonitoring(undefined, (events) => ({
    ...events,
    async insert(table, some, options) {
      const then = table === 'scores' ? late : undefined
      if (then) late = undefined
      await then?.()
      await events.insert(table, some, options)
    },
  }))
  await monitoring.configure({ actor: 'user/test' }, key, settings)
  late = () => monitoring.ingest.predictions(key, rows(60, start + 12 * 3_600_000, 'b'))
  await monitoring.ingest.predictions(key, [...rows(60, start, 'a'), ...next])
  await monitoring.settled(key)
  expect(late).toBeUndefined()
  expect(await monitoring.alerts.list('p')).toEqual([])
  const [volume] = await monitoring.scores(key, { monitor: 'service.volume' })
  expect(volume).toMatchObject({ value: 120, state: 'ok' })
  await close()
})
