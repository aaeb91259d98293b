import { expect, test } from 'vitest'
import type { RecordedPrediction } from '../../src/monitoring/encode-predictions.ts'
import { windowSpec } from '../../src/monitoring/windows/window-spec.ts'
import { day, openMonitoring } from './watch-flights.ts'

const key = { project: 'p', endpoint: 'e' }
const context = { actor: 'user/test' }
const today = Math.floor(Date.now() / day) * day
const hour = 3_600_000

const row = (id: string, time: number, customer: string, x: number): RecordedPrediction => ({
  id,
  time,
  receivedAt: Date.now(),
  revision: 1,
  shadow: false,
  caller: '',
  latencyUs: 100,
  features: { x, customer },
  score: 0.5,
  label: '',
})

async function rowsOf(world: Awaited<ReturnType<typeof openMonitoring>>) {
  const found = await world.monitoring.views.distribution(key, 'x', {
    from: today - 40 * day,
    spec: windowSpec('day'),
    against: { kind: 'before' },
  })
  return Object.fromEntries(
    found.windows.filter((w) => w.rows > 0).map((w) => [(w.start - today) / day, [w.rows, w.maximum]]),
  )
}

test('retention takes raw rows and keeps profiles; a subject is erased from both, as far as its rows are there', async () => {
  const world = await openMonitoring()
  const { monitoring, environment } = world
  const { events, jobs, journal } = environment
  const rows = [
    ...Array.from({ length: 10 }, (_, i) => row(`old${i}`, today - 30 * day + i * 60_000, i === 0 ? 'Ann' : 'Ben', i)),
    ...Array.from({ length: 10 }, (_, i) =>
      row(`new${i}`, today - 3 * day + i * 60_000, i < 2 ? 'Ann' : 'Ben', 100 - i),
    ),
    row('alone', today - 2 * day + 5 * hour, 'Ann', 7),
    row('last', today, 'Ben', 1),
  ]
  await monitoring.ingest.predictions(key, rows)
  await monitoring.ingest.actuals(
    key,
    rows.map(({ id }) => ({ id, value: 1, receivedAt: Date.now() })),
  )
  await monitoring.settled(key)
  const before = await rowsOf(world)
  expect(before).toEqual({ '-30': [10, 9], '-3': [10, 100], '-2': [1, 7], '0': [1, 1] })

  await monitoring.configure(context, key, { retention_days: 14 })
  await monitoring.settled(key)
  const raw = (table: string) =>
    events.query<{ id: string }>(`SELECT id FROM ${table} ORDER BY id`).then((r) => r.map(({ id }) => id))
  expect((await raw('predictions')).filter((id) => id.startsWith('old'))).toEqual([])
  expect((await raw('actuals')).filter((id) => id.startsWith('old'))).toEqual([])
  expect(await rowsOf(world)).toEqual(before)
  // a row that comes too late does not make its hour anew from itself alone
  await monitoring.ingest.predictions(key, [row('late', today - 30 * day, 'Ben', 3)])
  await monitoring.settled(key)
  expect(await rowsOf(world)).toEqual(before)

  const asked = await monitoring.erasures.ask(
    context,
    key,
    { feature: 'customer', value: 'Ann' },
    'asked to be forgotten',
  )
  expect(asked).toMatchObject({ state: 'queued', predictions: 3, actuals: 3, corrected: 2 })
  const [job] = await jobs.list({ kind: 'monitoring.erase' })
  await jobs.wait(job!.id)
  await monitoring.settled(key)
  expect(await raw('predictions')).not.toContain('alone')
  expect((await raw('actuals')).filter((id) => ['alone', 'new0', 'new1'].includes(id))).toEqual([])
  expect(await rowsOf(world)).toEqual({ '-30': [10, 9], '-3': [8, 98], '0': [1, 1] })
  const [done] = await monitoring.erasures.list(key)
  expect(done).toMatchObject({ state: 'done', predictions: 3, corrected: 2, reason: 'asked to be forgotten' })
  expect(done!.uncertainBefore).toBe(today - 14 * day)
  const customer = await monitoring.views.distribution(key, 'customer', {
    from: today - 40 * day,
    spec: windowSpec('day'),
    against: { kind: 'before' },
  })
  expect(customer.categories).not.toContain('Ann')
  expect(JSON.stringify(await events.query('SELECT * FROM profiles'))).not.toContain('Ann')
  expect(JSON.stringify(await events.query('SELECT * FROM samples'))).not.toContain('Ann')
  const types = (await journal.read({ types: ['predictions.expired', 'predictions.erased'] })).map((e) => e.type)
  expect(types).toEqual(['predictions.expired', 'predictions.erased'])
  await world.close()
}, 120_000)
