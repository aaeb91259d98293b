import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadDaySlices } from '../../src/monitoring/day-slices.ts'
import { binaryPerformance, binarySumsOf } from '../../src/statistics/binary-performance.ts'
import { sketchEntries, sketchOf } from '../../src/statistics/sketch.ts'
import { value } from '../statistics/value.ts'
import {
  byDay,
  day,
  type Flight,
  openMonitoring,
  readFlights,
  toActual,
  toPrediction,
  writeReference,
} from './watch-flights.ts'

const key = { project: 'flights', endpoint: 'delay' }
const at = (text: string) => Date.parse(`${text}T00:00:00Z`)

describe('seven weeks of flights, replayed by event time', () => {
  let world: Awaited<ReturnType<typeof openMonitoring>>
  let found: Flight[]

  beforeAll(async () => {
    world = await openMonitoring()
    const { environment, monitoring, revisions } = world
    const reference = await writeReference(environment, world.directory, 0.1)
    revisions.push(
      { revision: 1, model: 'delay', version: 1, reference },
      { revision: 2, model: 'delay', version: 2, reference: null },
    )
    // a model that knows but the hour has bad weeks in January too: its February is beyond what one window in ten reaches,
    // not what one in twenty does
    await monitoring.configure({ actor: 'user/test' }, key, { alpha: { performance: 0.1 } })
    found = await readFlights(environment, '2001-02-01', '2001-03-22', 0.03)
    let before: Flight[] = []
    for (const [i, flights] of byDay(found).entries()) {
      // what a careless client does: some of the truth before the predictions, every batch twice; and the events process dies now and then
      const early = flights.filter((_, k) => k % 50 === 0)
      expect(
        await monitoring.ingest.actuals(
          key,
          early.map((f) => toActual(f)),
        ),
      ).toMatchObject({ unknown: early.length })
      const live = flights.map((f) => toPrediction(f))
      const engine = environment.events.status().pid
      if (i % 12 === 5 && engine) process.kill(engine, 'SIGKILL')
      await monitoring.ingest.predictions(key, live)
      await monitoring.ingest.predictions(key, [...live].reverse())
      await monitoring.ingest.predictions(
        key,
        flights.map((f) => toPrediction({ ...f, score: 0.2 }, 2, true)),
      )
      if (before.length > 0)
        await monitoring.ingest.actuals(
          key,
          before.map((f) => toActual(f)),
        )
      before = flights
      if (i % 3 === 0) await monitoring.settled(key)
    }
    await monitoring.settled(key)
  }, 300_000)
  afterAll(() => world.close())

  test('profiles hold every prediction once, as if computed from the rows', async () => {
    const days = await loadDaySlices(world.environment.events, {
      project: 'flights',
      scope: 'endpoint/delay',
      from: at('2001-02-05'),
      to: at('2001-02-08'),
      revision: 1,
    })
    const flights = found.filter((f) => f.time >= at('2001-02-05') && f.time < at('2001-02-08'))
    expect(days.map((d) => d.slice.rows).reduce((a, b) => a + b)).toBe(flights.length)
    const sketches = days.map((d) => d.slice.features.get('distance')!.sketch)
    const merged = new Map<number, number>()
    for (const sketch of sketches) for (const [k, n] of sketch) merged.set(k, (merged.get(k) ?? 0) + n)
    expect(sketchEntries(merged)).toEqual(sketchEntries(sketchOf(flights.map((f) => f.distance))))
    const performance = await world.monitoring.performance(key, at('2001-02-05'), at('2001-02-08'), 3)
    const point = performance.items.find((item) => item.revision === 1)!
    const direct = binaryPerformance(
      binarySumsOf(
        flights.map((f) => f.score),
        flights.map((f) => f.late === 1),
      ),
    )
    expect(performance.task).toBe('binary')
    expect(point.actuals).toBe(flights.length)
    for (const name of ['log_loss', 'brier', 'auc', 'calibration'] as const)
      expect(point.metrics[name]!.value).toBeCloseTo(value(direct[name === 'log_loss' ? 'logLoss' : name]), 9)
  })

  test('the bad second half of February opens alerts on performance, healthy weeks close them; nothing else does', async () => {
    const alerts = await world.monitoring.alerts.list('flights')
    expect(alerts.length).toBeGreaterThan(0)
    for (const alert of alerts) {
      expect(alert).toMatchObject({ family: 'performance', state: 'closed', revision: 1 })
      expect(alert.firstWindowEnd).toBeGreaterThan(at('2001-02-14'))
      expect(alert.lastWindowEnd).toBeLessThan(at('2001-03-06'))
      expect(alert.violations[0]).toMatchObject({ monitor: 'performance.log_loss', revision: 1 })
      expect(alert.causes.map((c) => c.kind)).toContain('outcome')
    }
    const events = await world.environment.journal.read({ types: ['alert.opened', 'alert.closed'] })
    expect(events.map((e) => e.type)).toEqual(alerts.flatMap(() => ['alert.opened', 'alert.closed']))
    expect(alerts.at(-1)!.event).toBe(events[0]!.id)
  })

  test('scores say their definition, reference and threshold; estimates stand beside realised values', async () => {
    const scores = await world.monitoring.scores(key, { revision: 1 })
    const one = (monitor: string, feature = '') => scores.filter((s) => s.monitor === monitor && s.feature === feature)
    const losses = one('performance.log_loss')
    expect(new Set(losses.map((s) => s.windowEnd)).size).toBe(losses.length)
    expect(losses.at(-1)!.definition).toMatchObject({
      metric: 'log_loss',
      reference: 'model/delay/1',
      days: 7,
      threshold: { alpha: 0.1, decides: true },
    })
    expect(one('drift.distance', 'origin').at(-1)!.definition).toMatchObject({
      metric: 'jensen-shannon',
      type: 'categorical',
      threshold: { alpha: expect.closeTo((0.2 * 0.1) / 1.5 / (60 / 7), 12) },
    })
    expect(one('estimated-performance.log_loss').length).toBeGreaterThanOrEqual(losses.length)
    expect(one('bias.demographic_parity', 'origin').at(-1)!.definition).toHaveProperty('groups')
    for (const s of scores.filter((x) => x.state === 'too_few_samples')) expect(s.value).toBeNull()
    const overview = await world.monitoring.overview(key)
    expect(overview).toMatchObject({ waiting: 0, failure: null, lastPrediction: found.at(-1)!.time })
    expect(overview.revisions.map((r) => [r.revision, r.predictions, r.live])).toEqual([
      [1, found.length, found.length],
      [2, found.length, 0],
    ])
    expect(Object.fromEntries(overview.families.map((f) => [f.family, f.state]))).toMatchObject({
      quality: 'ok',
      drift: 'ok',
      performance: 'ok',
    })
  })

  test('a feature is compared with the reference, and two revisions on the same rows', async () => {
    const week = { revision: 1, from: at('2001-02-05'), to: at('2001-02-12') }
    const origin = await world.monitoring.compare(key, 'origin', week, 'reference')
    expect(origin.categories).toHaveLength(31)
    expect(origin.current.counts.reduce((a, b) => a + b)).toBe(origin.current.rows)
    expect(origin.distances['jensen-shannon']).toBeLessThan(0.1)
    const distance = await world.monitoring.compare(key, 'distance', week, {
      ...week,
      from: at('2001-02-12'),
      to: at('2001-02-19'),
    })
    expect(distance.against!.quantiles!.p50).toBeGreaterThan(300)
    const paired = await world.monitoring.compareRevisions(key, 1, 2, at('2001-02-01'), at('2001-03-01'))
    expect(paired.differences.log_loss!.difference).toBeGreaterThan(0)
    expect(paired.differences.auc).toMatchObject({ second: expect.closeTo(0.5, 9) })
    const rows = await world.monitoring.predictions(key, { feature: 'distance', above: 2500, revision: 1, limit: 5 })
    expect(rows).toHaveLength(5)
    for (const row of rows) expect(row.features.distance).toBeGreaterThan(2500)
  })

  test('tells of a reference what an endpoint holds its inputs against', async () => {
    const profile = await world.monitoring.inputProfile(key, 1)
    expect(profile!.origin!.categories!.length).toBeGreaterThan(20)
    expect(profile!.origin).not.toHaveProperty('minimum')
    expect(profile!.distance!.minimum).toBeGreaterThan(0)
    expect(profile!.distance!.maximum).toBeGreaterThan(2000)
    expect(Object.keys(profile!).filter((name) => name.startsWith('$'))).toEqual([])
    expect(await world.monitoring.inputProfile(key, 2)).toBeUndefined()
  })

  test('a truth that is corrected months later changes its windows and raises no old alarm anew', async () => {
    const { monitoring } = world
    const before = (await monitoring.scores(key, { monitor: 'performance.log_loss', revision: 1 })).find(
      (s) => s.windowEnd === at('2001-02-10'),
    )!
    const changed = found.filter((f) => f.time >= at('2001-02-06') && f.time < at('2001-02-07'))
    await monitoring.ingest.actuals(
      key,
      changed.map((f) => ({ ...toActual(f, 1), receivedAt: 1_800_000_000_000 })),
    )
    await monitoring.settled(key)
    const after = (await monitoring.scores(key, { monitor: 'performance.log_loss', revision: 1 })).find(
      (s) => s.windowEnd === at('2001-02-10'),
    )!
    expect(after.value).toBeGreaterThan(before.value! + 0.05)
    expect(after.samples).toBe(before.samples)
    expect((await monitoring.alerts.list('flights')).filter((a) => a.state === 'open')).toEqual([])
  })

  test('settings change how it is watched; wrong ones are refused with their places', async () => {
    const { monitoring } = world
    const context = { actor: 'user/test' }
    await expect(monitoring.configure(context, key, { window_days: 0 })).rejects.toMatchObject({
      code: 'invalid_input',
      places: [{ where: 'window_days' }],
    })
    await expect(monitoring.configure(context, key, { off: ['dift'] })).rejects.toMatchObject({ code: 'invalid_input' })
    expect(
      await monitoring.configure(context, key, { off: ['bias'], limits: { 'service.latency_p50': { high: 0.5 } } }),
    ).toBe(true)
    expect(
      await monitoring.configure(context, key, { off: ['bias'], limits: { 'service.latency_p50': { high: 0.5 } } }),
    ).toBe(false)
    expect((await monitoring.settings(key)).changed).toBe(true)
    await monitoring.settled(key)
    const [open] = await monitoring.alerts.list('flights', { state: 'open' })
    expect(open).toMatchObject({
      family: 'service',
      violations: expect.arrayContaining([expect.objectContaining({ monitor: 'service.latency_p50' })]),
    })
    expect(await monitoring.alerts.close(context, 'flights', open!.id, 'a test')).toMatchObject({
      state: 'closed',
      closedBy: 'user/test',
      reason: 'a test',
    })
    await expect(monitoring.alerts.close(context, 'flights', open!.id, 'again')).rejects.toMatchObject({
      code: 'conflict',
    })
    expect((await monitoring.overview(key)).families.find((f) => f.family === 'bias')!.state).toBe('off')
    expect(await monitoring.configure(context, key, {})).toBe(true)
    expect((await monitoring.settings(key)).changed).toBe(false)
    await monitoring.settled(key)
  })
})

test('bad predictions are refused with their places, and nothing is kept', async () => {
  const world = await openMonitoring()
  const row = toPrediction({
    id: 'a',
    time: at('2001-02-01'),
    late: 0,
    distance: 1,
    hour: 1,
    origin: 'SFO',
    score: 0.5,
  })
  const bad = [row, { ...row, id: 'b', time: day * 1e6 }, { ...row, id: 'c', features: { $score: 1 } }]
  await expect(world.monitoring.ingest.predictions(key, bad)).rejects.toMatchObject({
    code: 'invalid_input',
    places: [{ where: 'items.1.time' }, { where: 'items.2.features.$score' }],
  })
  expect(await world.environment.events.query('SELECT id FROM predictions')).toEqual([])
  await world.monitoring.ingest.predictions(key, [
    { ...row, features: { distance: Number.NaN, origin: null, hour: 3 }, score: Number.POSITIVE_INFINITY },
  ])
  await world.monitoring.settled(key)
  expect((await world.monitoring.predictions(key, {}))[0]).toMatchObject({ features: { hour: 3 }, score: null })
  await world.close()
})
