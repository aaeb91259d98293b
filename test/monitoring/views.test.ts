import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { windowSpec } from '../../src/monitoring/windows/window-spec.ts'
import * as schemas from '../../src/protocols/kedge/schemas/monitoring-views.ts'
import {
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
const training = { kind: 'training' } as const

describe('three weeks of flights, seen through windows of any kind', () => {
  let world: Awaited<ReturnType<typeof openMonitoring>>
  let found: Flight[]
  const stretch = { revision: 1, from: at('2001-02-01'), to: at('2001-02-22') }

  beforeAll(async () => {
    world = await openMonitoring()
    const { environment, monitoring, revisions } = world
    const reference = await writeReference(environment, world.directory, 0.05)
    revisions.push({ revision: 1, model: 'delay', version: 1, reference })
    found = await readFlights(environment, '2001-02-01', '2001-02-22', 0.02)
    await monitoring.ingest.predictions(
      key,
      found.map((f) => toPrediction(f)),
    )
    await monitoring.ingest.actuals(
      key,
      found.filter((f) => f.time < at('2001-02-15')).map((f) => toActual(f)),
    )
    await monitoring.settled(key)
    expect((await monitoring.overview(key)).failure).toBeNull()
  }, 120_000)
  afterAll(() => world.close())

  test('a heat map shows what the monitors have stored, and what another metric, window and reference would say', async () => {
    const { views } = world.monitoring
    const stored = schemas.heatMap.parse(await views.heatMap(key, { family: 'drift' }))
    expect(stored.definition).toMatchObject({ source: 'stored', window: '7d', reference: 'model/delay/1' })
    expect(stored.rows.map((r) => r.feature).sort()).toEqual(['$score', 'distance', 'hour', 'origin'])
    const computed = schemas.heatMap.parse(
      await views.heatMap(key, {
        family: 'drift',
        spec: windowSpec('day'),
        against: { kind: 'before' },
        metrics: { numeric: 'psi', categorical: 'psi' },
      }),
    )
    expect(computed.definition).toMatchObject({ source: 'computed', window: 'day', reference: 'the window before' })
    expect(computed.windows).toHaveLength(21)
    const distance = computed.rows.find((r) => r.feature === 'distance')!
    expect(distance.definition).toMatchObject({ metric: 'psi' })
    // the first day has no day before it
    expect(distance.value.map((x) => x !== null)).toEqual([false, ...Array<boolean>(20).fill(true)])
    const same = await views.heatMap(key, { family: 'drift', spec: windowSpec('7d'), against: training })
    const of = (map: typeof stored, end: string) => {
      const row = map.rows.find((r) => r.feature === 'distance')!
      return row.value[map.windows.findIndex((w) => w.end === at(end))]
    }
    expect(of(same, '2001-02-15')).toBeCloseTo(of(stored, '2001-02-15')!, 12)
  })

  test('windows of hours are held against the same hours, calendars are those of their zone, counts hold so many rows', async () => {
    const { views } = world.monitoring
    const hours = await views.heatMap(key, {
      family: 'drift',
      spec: windowSpec('6h', { step: '6h' }),
      against: training,
    })
    expect(hours.windows.every((w) => w.end - w.start === 6 * 3_600_000)).toBe(true)
    const hour = hours.rows.find((r) => r.feature === 'hour')!
    // held against whole days every one of them would have drifted
    expect(hour.state.filter((s) => s === 'violation' || s === 'watch').length).toBeLessThan(4)
    const weeks = await views.performance(key, {
      spec: windowSpec('week', { zone: 'America/New_York' }),
      against: training,
    })
    expect(weeks.windows.map((w) => new Date(w.end).toISOString())).toContain('2001-02-12T05:00:00.000Z')
    const counts = await views.performance(key, { spec: windowSpec('1000rows'), against: training })
    for (const w of counts.windows) {
      expect(w.rows).toBeGreaterThanOrEqual(1000)
      expect(w.rows).toBeLessThan(1300)
    }
  })

  test('a distribution has the rows of its windows, and a band in which the reference’s own windows lie', async () => {
    const { views } = world.monitoring
    const distance = schemas.featureDistribution.parse(
      await views.distribution(key, 'distance', { spec: windowSpec('7d', { step: '7d' }), against: training }),
    )
    expect(distance.band!.windows).toBeGreaterThanOrEqual(8)
    for (const w of distance.windows.filter((x) => x.rows > 0)) {
      expect(w.counts.reduce((a, b) => a + b)).toBe(w.rows - w.missing)
      expect(w.cumulative.at(-1)).toBeLessThanOrEqual(1)
    }
    const rows = found.filter((f) => f.time >= at('2001-02-08') && f.time < at('2001-02-15'))
    const window = distance.windows.find((w) => w.end === at('2001-02-15'))!
    expect(window.mean).toBeCloseTo(rows.reduce((s, f) => s + f.distance, 0) / rows.length, 9)
    const origin = schemas.featureDistribution.parse(
      await views.distribution(key, 'origin', { spec: windowSpec('7d'), against: { kind: 'weekdays', weeks: 1 } }),
    )
    expect(origin.categories).toHaveLength(31)
    await expect(
      views.distribution(key, 'nothing', { spec: windowSpec('7d'), against: training }),
    ).rejects.toMatchObject({ code: 'not_found' })
  })

  test('performance stands beside its estimate until the truth is there; curves, groups and segments of a stretch', async () => {
    const { views } = world.monitoring
    const performance = schemas.performanceWindows.parse(
      await views.performance(key, { spec: windowSpec('7d', { step: '7d' }), against: training }),
    )
    const [known, unknown] = ['2001-02-15', '2001-02-22'].map(
      (end) => performance.windows.find((w) => w.end === at(end))!,
    )
    expect(known!.realised.log_loss!.value).toBeGreaterThan(0)
    expect(known!.estimated.log_loss!.n).toBe(known!.rows)
    expect(unknown!.realised.log_loss).toBeNull()
    expect(unknown!.estimated.log_loss!.low).toBeLessThan(unknown!.estimated.log_loss!.high)
    const curves = schemas.performanceCurves.parse(await views.curves(key, stretch))
    expect(curves.thresholds![0]).toMatchObject({ threshold: null, truePositiveRate: 0 })
    expect(curves.thresholds!.at(-1)).toMatchObject({ truePositiveRate: 1, falsePositiveRate: 1, gain: 1 })
    expect(curves.reliability!.curve.reduce((n, p) => n + p.n, 0)).toBe(curves.actuals)
    const fairness = schemas.fairness.parse(await views.fairness(key, stretch))
    const origin = fairness.attributes.find((a) => a.attribute === 'origin')!
    expect(origin.metrics.find((m) => m.name === 'demographic_parity')!.value).toBeGreaterThan(0)
    expect(origin.groups[0]!.rates.selection!.n).toBe(origin.groups[0]!.rows)
    const segments = schemas.worstSegments.parse(await views.segments(key, stretch))
    expect(segments.segments.length).toBeGreaterThan(10)
    expect(segments.searched).toBeGreaterThan(50)
  })

  test('of a segment, declared or found, everything is that of its rows', async () => {
    const { views } = world.monitoring
    const week = { spec: windowSpec('7d', { step: '7d' }), against: training }
    const [from, end] = [at('2001-02-08'), at('2001-02-15')]
    const everybody = (await views.distribution(key, 'distance', week)).reference!.rows
    const far = (f: Flight) => f.distance > 800
    const segments: [string, (f: Flight) => boolean][] = [
      ['origin=ORD', (f) => f.origin === 'ORD'],
      ['distance=> 800', far],
      ['distance=> 800 & origin=ORD', (f) => f.origin === 'ORD' && far(f)],
    ]
    for (const [segment, belongs] of segments) {
      const own = found.filter((f) => f.time >= from && f.time < end && belongs(f))
      const distance = await views.distribution(key, 'distance', { ...week, segment })
      expect(distance.definition).toMatchObject({ segment, reference: 'model/delay/1' })
      const window = distance.windows.find((w) => w.end === end)!
      expect(window.rows).toBe(own.length)
      expect(window.mean).toBeCloseTo(own.reduce((s, f) => s + f.distance, 0) / own.length, 6)
      // the reference is of the segment too
      expect(distance.reference!.rows).toBeLessThan(0.9 * everybody)
      const performance = schemas.performanceWindows.parse(await views.performance(key, { ...week, segment }))
      const known = performance.windows.find((w) => w.end === end)!
      expect([known.rows, known.actuals]).toEqual([own.length, own.length])
      const brier = own.reduce((s, f) => s + (f.score - f.late) ** 2, 0) / own.length
      expect(known.realised.brier!.value).toBeCloseTo(brier, 9)
      if (known.estimated.brier) expect(known.estimated.brier.n).toBe(own.length)
      else expect(own.length).toBeLessThan(200)
      const curves = schemas.performanceCurves.parse(await views.curves(key, { revision: 1, from, to: end }, segment))
      expect(curves.actuals).toBe(own.length)
      const rows = await world.monitoring.predictions(key, { from, to: end, segment, limit: 1000 })
      expect(rows.map(({ id }) => id).sort()).toEqual(own.map(({ id }) => id).sort())
    }
    const map = schemas.heatMap.parse(await views.heatMap(key, { family: 'drift', segment: 'origin=ORD' }))
    expect(map.definition).toMatchObject({ segment: 'origin=ORD', source: 'computed', window: '7d' })
    expect(map.rows.map((r) => r.feature).sort()).toEqual(['$score', 'distance', 'hour', 'origin'])
    const nobody = await views.performance(key, { ...week, segment: 'origin=nowhere' })
    expect(nobody.windows.every((w) => w.rows === 0 && w.realised.brier === null)).toBe(true)
  })

  test('rows are found by their actual, by a residual, and by a category that has no bar of its own', async () => {
    const [from, to] = [at('2001-02-08'), at('2001-02-15')]
    const own = found.filter((f) => f.time >= from && f.time < to)
    const ids = async (filter: object) =>
      (await world.monitoring.predictions(key, { from, to, limit: 1000, ...filter })).map(({ id }) => id).sort()
    const wanted = (belongs: (f: Flight) => boolean) =>
      own
        .filter(belongs)
        .map(({ id }) => id)
        .sort()
    expect(await ids({ actual: '1', segment: 'origin=ORD' })).toEqual(wanted((f) => f.late === 1 && f.origin === 'ORD'))
    expect(await ids({ residualAbove: 0.3, residualUpTo: 0.4 })).toEqual(
      wanted((f) => f.score - f.late > 0.3 && f.score - f.late <= 0.4),
    )
    const airports = [...new Set(own.map((f) => f.origin))].filter((origin) => origin !== 'ORD' && origin !== 'ATL')
    expect(await ids({ feature: 'origin', except: airports })).toEqual(
      wanted((f) => f.origin === 'ORD' || f.origin === 'ATL'),
    )
  })

  test('other windows, metrics and references are monitored once the settings say so, old windows with them', async () => {
    const { monitoring } = world
    const context = { actor: 'user/test' }
    await expect(
      monitoring.configure(context, key, { drift_metric: { by_feature: { distance: 'kl' } } }),
    ).rejects.toThrow(/is no drift metric/)
    await expect(monitoring.configure(context, key, { window: '3 days' })).rejects.toMatchObject({
      places: [{ where: 'window' }],
    })
    await monitoring.configure(context, key, {
      window: 'week',
      zone: 'America/New_York',
      against: { kind: 'before' },
      drift_metric: { by_feature: { distance: 'psi' } },
    })
    await monitoring.settled(key)
    expect(await monitoring.backFills.state(key)).toMatchObject({ state: 'done', windows: 3, done: 3 })
    const map = await monitoring.views.heatMap(key, { family: 'drift' })
    expect(map.definition).toMatchObject({ source: 'stored', window: 'week', zone: 'America/New_York' })
    expect(map.windows.map((w) => new Date(w.end).toISOString())).toEqual([
      // the first week has no week before it
      '2001-02-12T05:00:00.000Z',
      '2001-02-19T05:00:00.000Z',
    ])
    expect(map.rows.find((r) => r.feature === 'distance')!.definition).toMatchObject({
      metric: 'psi',
      reference: 'the window before',
    })
    expect(map.rows.find((r) => r.feature === 'origin')!.definition).toMatchObject({ metric: 'jensen-shannon' })
    await monitoring.configure(context, key, {})
    await monitoring.settled(key)
    const asked = await monitoring.backFills.ask(context, key, { from: at('2001-02-10') })
    expect(asked.windows).toBe(11)
    await monitoring.settled(key)
    expect(await monitoring.backFills.state(key)).toMatchObject({ state: 'done', done: 11 })
  })

  test('a sample is of all hours alike, the same every time', async () => {
    const { loadSample } = await import('../../src/monitoring/samples.ts')
    const of = {
      project: 'flights',
      scope: 'endpoint/delay',
      revision: 1,
      from: stretch.from,
      to: stretch.to,
      most: 1000,
    }
    const sample = await loadSample(world.environment.events, of)
    expect(sample).toHaveLength(1000)
    expect(await loadSample(world.environment.events, of)).toEqual(sample)
    const mean = sample.reduce((s, r) => s + r.numbers.distance!, 0) / sample.length
    const all = found.reduce((s, f) => s + f.distance, 0) / found.length
    expect(Math.abs(mean - all)).toBeLessThan(70)
    expect(sample.filter((r) => r.truth !== null).length).toBeGreaterThan(500)
    expect(day).toBe(86_400_000)
  })
})
