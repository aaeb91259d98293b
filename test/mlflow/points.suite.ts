import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TrackingServer } from '../servers/tracking-server.ts'

interface Point {
  step: number
  time: number
  value: number
}

/** What is promised of the points of metrics, however they come, on any SQL store. */
export function pointsSuite(name: string, start: () => Promise<TrackingServer>, runs: number): void {
  describe(`points of metrics on ${name}`, () => {
    let server: TrackingServer
    beforeAll(async () => {
      server = await start()
    })
    afterAll(async () => {
      await server.stop()
    })
    const context = { actor: 'test' }
    const newRun = async () =>
      (await server.tracking.runs.create(context, { project: 'default', experimentId: '0' })).id
    const log = (run: string, key: string, points: readonly Point[]) =>
      server.tracking.values.log(context, 'default', run, { metrics: points.map((point) => ({ key, ...point })) })
    const byTime = (a: Point, b: Point) => a.time - b.time || a.step - b.step || a.value - b.value
    const unique = (points: readonly Point[]) =>
      [...new Map(points.map((point) => [`${point.step} ${point.time} ${point.value}`, point])).values()].sort(byTime)
    const rows = async (table: 'metric_points' | 'metric_chunks') =>
      (await server.store.read.selectFrom(table).selectAll().execute()).length

    it('has every point once, in whatever batches and order they come', async () => {
      const point = fc.record({ step: fc.nat(150), time: fc.nat(3), value: fc.constantFrom(0, 0.5, 1) })
      const range = fc.record({ from: fc.nat(3000), count: fc.integer({ min: 1, max: 700 }) })
      const batch = fc.oneof(
        fc.array(point, { minLength: 1, maxLength: 130 }),
        range.map(({ from, count }) =>
          Array.from({ length: count }, (_, i) => ({ step: from + i, time: i, value: Math.sin(i) })),
        ),
        point.map((one) => [one]),
      )
      await fc.assert(
        fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 8 }), async (batches) => {
          const run = await newRun()
          for (const points of batches) await log(run, 'm', points)
          const expected = unique(batches.flat())
          expect((await server.tracking.history.get('default', run, 'm')).items).toEqual(expected)
          const latest = [...expected].sort((a, b) => a.step - b.step || a.time - b.time || a.value - b.value).at(-1)
          expect((await server.tracking.runs.get('default', run)).metrics.m).toEqual(latest)
          // sent again, nothing changes and nothing is stored
          const before = [await rows('metric_points'), await rows('metric_chunks')]
          for (const points of batches) await log(run, 'm', points)
          expect((await server.tracking.history.get('default', run, 'm')).items).toEqual(expected)
          expect(await rows('metric_points')).toBeLessThanOrEqual(before[0]!)
          const stored = await server.store.readQuery<{ points: number }>(
            `select (select coalesce(sum(points), 0) from metric_chunks c join metric_series s on s.id = c.series join runs r on r.number = s.run where r.id = ?)
                  + (select count(*) from metric_points p join metric_series s on s.id = p.series join runs r on r.number = s.run where r.id = ?) as points`,
            [run, run],
          )
          expect(Number(stored[0]!.points)).toBe(expected.length)
        }),
        { numRuns: runs },
      )
    })

    it('packs single points as they come together', async () => {
      const run = await newRun()
      const points = Array.from({ length: 300 }, (_, i) => ({ step: i, time: 1000 + i, value: i / 7 }))
      for (const point of points) await log(run, 'slow', [point])
      expect((await server.tracking.history.get('default', run, 'slow')).items).toEqual(points)
      const stored = await server.store.readQuery<{ packed: number }>(
        'select sum(points) as packed from metric_chunks c join metric_series s on s.id = c.series join runs r on r.number = s.run where r.id = ?',
        [run],
      )
      expect(Number(stored[0]!.packed)).toBeGreaterThan(200)
      await log(run, 'short', points.slice(0, 30))
      await server.tracking.runs.finish(context, 'default', run, 'FINISHED')
      expect((await server.tracking.history.get('default', run, 'slow')).items).toEqual(points)
      expect((await server.tracking.history.get('default', run, 'short')).items).toEqual(points.slice(0, 30))
      const rest = await server.store.readQuery<{ rows: number }>(
        'select count(*) as rows from metric_points p join metric_series s on s.id = p.series join runs r on r.number = s.run where r.id = ?',
        [run],
      )
      expect(Number(rest[0]!.rows)).toBeLessThan(16)
    })

    it('takes concurrent writers to one run and one metric', async () => {
      const run = await newRun()
      const writers = Array.from({ length: 8 }, (_, writer) =>
        Array.from({ length: 20 }, (_, i) =>
          Array.from({ length: 40 }, (_, k) => ({ step: (i * 40 + k) * 8 + writer, time: k, value: writer })),
        ),
      )
      await Promise.all(writers.flatMap((batches) => batches.map((batch) => log(run, 'shared', batch))))
      expect((await server.tracking.history.get('default', run, 'shared')).items).toEqual(unique(writers.flat(2)))
    })

    it('keeps the first, the last and the extremes when it thins', async () => {
      const run = await newRun()
      const points = Array.from({ length: 5000 }, (_, i) => ({
        step: i,
        time: i,
        value: i === 3217 ? 1e6 : i === 44 ? -1e6 : i === 60 ? Number.NaN : Math.sin(i),
      }))
      for (let i = 0; i < 5; i++) await log(run, 'thin', points.slice(i * 1000, i * 1000 + 1000))
      const [found] = await server.tracking.history.interval('default', [run], 'thin', 100)
      const steps = [...found!.points.steps]
      expect(steps.length).toBeLessThanOrEqual(103)
      expect(steps).toEqual(expect.arrayContaining([0, 44, 60, 3217, 4999]))
      const [part] = await server.tracking.history.interval('default', [run], 'thin', 100, 3200, 3220)
      expect([...part!.points.steps]).toEqual(Array.from({ length: 21 }, (_, i) => 3200 + i))
    })
  })
}
