import { expect, test } from 'vitest'
import { anyPrediction, day, openMonitoring } from './watch-flights.ts'

test('without a reference the rows that come first have their segments too', async () => {
  const { monitoring, environment, close } = await openMonitoring()
  const key = { project: 'p', endpoint: 'e' }
  const start = Date.parse('2001-03-05T00:00:00Z')
  await monitoring.configure({ actor: 'user/test' }, key, { segments: ['channel'], off: ['drift', 'quality'] })
  const channels = ['web', 'app', 'web', 'shop']
  const rows = Array.from({ length: 120 }, (_, i) => ({
    ...anyPrediction(`r${i}`, start + i * 60_000, i),
    features: { channel: channels[i % 4]! },
  }))
  // before their predictions: the hours are computed once
  await monitoring.ingest.actuals(
    key,
    rows.map(({ id }, i) => ({ id, value: i % 2, receivedAt: start + day })),
  )
  await monitoring.ingest.predictions(key, [...rows, anyPrediction('next', start + day, 0)])
  await monitoring.settled(key)
  const counts = await environment.events.query<{ segment: string; n: number }>(
    `SELECT segment, sum(count) AS n FROM performance FINAL WHERE segment != '' GROUP BY segment ORDER BY segment`,
  )
  expect(counts).toEqual([
    { segment: 'channel=app', n: 30 },
    { segment: 'channel=shop', n: 30 },
    { segment: 'channel=web', n: 60 },
  ])
  await close()
})
