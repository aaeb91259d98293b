import { parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Comparison } from '../../src/comparison/comparison.ts'
import { silentLog } from '../../src/log.ts'
import { createHttpServer } from '../../src/protocols/http-server.ts'
import { reportRoutes } from '../../src/protocols/kedge/report-routes.ts'
import { openMonitoring, readFlights, toActual, toPrediction, writeReference } from '../monitoring/watch-flights.ts'

const key = { project: 'flights', endpoint: 'delay' }
const url = '/api/v1/projects/flights/endpoints/delay/report'
let world: Awaited<ReturnType<typeof openMonitoring>>
let app: ReturnType<typeof createHttpServer>

beforeAll(async () => {
  world = await openMonitoring()
  const { environment, monitoring, revisions } = world
  app = createHttpServer({
    log: silentLog,
    identify: async () => ({ actor: 'user/test', may: () => true }) as never,
    allowedHosts: new Set(['localhost']),
  })
  reportRoutes(app, { monitoring, clock: () => 1_000_000_000_000 })
  const reference = await writeReference(environment, world.directory, 0.05)
  revisions.push({ revision: 1, model: 'delay', version: 1, reference })
  const found = await readFlights(environment, '2001-02-01', '2001-02-15', 0.02)
  await monitoring.ingest.predictions(
    key,
    found.map((flight) => toPrediction(flight)),
  )
  await monitoring.ingest.actuals(
    key,
    found.map((flight) => toActual(flight)),
  )
  await monitoring.settled(key)
}, 120_000)
afterAll(async () => {
  await app?.close()
  await world?.close()
})

const ask = (query: string) => app.inject({ method: 'GET', url: `${url}?${query}`, headers: { host: 'localhost' } })

test('the newest window in every format, with the verdicts that the monitors give', async () => {
  const json = await ask('format=json&window=7d&to=2001-02-15')
  expect(json.statusCode, json.body).toBe(200)
  const comparison = json.json<Comparison>()
  expect(comparison.current.rows).toBeGreaterThan(500)
  expect(comparison.reference.label).toBe('model/delay/1')
  expect(comparison.features.map((feature) => feature.feature).sort()).toEqual(['$score', 'distance', 'hour', 'origin'])
  expect(comparison.performance!.metrics.find((metric) => metric.name === 'auc')!.current).toMatchObject({ ok: true })
  expect(comparison.performance!.task).toBe('binary')
  expect(comparison.groups.length).toBeGreaterThan(0)
  const stored = await world.monitoring.scores(key, { monitor: 'drift.distance' })
  const latest = stored.filter((score) => score.windowEnd === Math.max(...stored.map((one) => one.windowEnd)))
  const same = await ask(`format=json&to=${latest[0]!.windowEnd}`)
  for (const { feature, value, thresholdHigh } of latest) {
    const own = same.json<Comparison>().scores.find((s) => s.monitor === 'drift.distance' && s.feature === feature)!
    expect([own.value, own.thresholdHigh]).toEqual([expect.closeTo(value!, 9), expect.closeTo(thresholdHigh!, 6)])
  }

  const html = await ask('format=html')
  expect(html.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'x-content-type-options': 'nosniff',
  })
  expect(html.body).toContain('delay, revision 1')
  expect((await ask('format=pdf')).rawPayload.subarray(0, 5).toString()).toBe('%PDF-')
  const bytes = (await ask('format=parquet')).rawPayload
  const rows = await parquetReadObjects({
    file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer,
  })
  expect(rows.length).toBe((await ask('format=json')).json<Comparison>().scores.length)
})

test('another reference, and a window without predictions', async () => {
  const before = (await ask('format=json&window=day&against=before')).json<Comparison>()
  expect(before.reference.label).not.toBe('model/delay/1')
  const nothing = await ask('format=json&from=2005-01-01&to=2005-02-01')
  expect(nothing.statusCode).toBe(404)
  expect((await ask('format=docx')).statusCode).toBe(400)
})
