import { expect, test } from 'vitest'
import { anyPrediction, openMonitoring } from './watch-flights.ts'

test('what is marked while its job was given up is computed after a start', async () => {
  const { monitoring, environment, close } = await openMonitoring()
  const key = { project: 'p', endpoint: 'e' }
  const start = Date.parse('2026-03-02T00:00:00Z')
  await monitoring.ingest.predictions(key, [anyPrediction('a', start, 1)])
  await monitoring.settled(key)
  // as a job leaves it whose process died with it once too often
  await environment.store.write(({ db }) =>
    db
      .insertInto('stale_buckets')
      .values({ ...key, bucket: start, mark: 99 })
      .execute(),
  )
  const marked = async () => (await environment.store.read.selectFrom('stale_buckets').selectAll().execute()).length
  await monitoring.settled(key)
  expect(await marked()).toBe(1)
  await monitoring.start()
  await monitoring.settled(key)
  expect(await marked()).toBe(0)
  await close()
})
