import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { metricCatalogue } from '../../src/protocols/prometheus/metric-catalogue.ts'
import { cli } from '../cli/run-cli.ts'
import { type Body, day, openServer } from '../joins/stand.ts'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'

const adminToken = 'metrics-test-admin-token'
const start = Date.parse('2001-03-05T00:00:00Z')
const bearer = { authorization: `Bearer ${adminToken}` }
let server: Awaited<ReturnType<typeof openServer>>
/** bodies that the collector got */
const received: { url: string; headers: Record<string, unknown>; body: Buffer }[] = []
const collector = createServer((request, response) => {
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.on('end', () => {
    received.push({ url: request.url!, headers: request.headers, body: Buffer.concat(pieces) })
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
    collector.emit('export')
  })
})

const exports = async (more: number) => {
  const before = received.length
  while (received.length < before + more) await once(collector, 'export')
}

beforeAll(async () => {
  collector.listen(0, '127.0.0.1')
  await once(collector, 'listening')
  const otlpUrl = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  server = await openServer({ auth: 'token', adminToken, otlpUrl, otlpHeaders: 'x-tenant=ours', otlpInterval: 1 })
  const random = (i: number) => ((i * 2_654_435_761) % 2 ** 32) / 2 ** 32
  const items = Array.from({ length: 14 * 250 }, (_, i) => ({
    id: `p${i}`,
    time: start + i * (day / 250),
    features: { x: random(i) + (i < 3000 ? 0 : 0.7) },
    score: random(i * 7),
    actual: i % 2,
  }))
  await server.send('PUT', '/endpoints/scores/monitors', { window_days: 1 }, bearer)
  expect((await server.post('/endpoints/scores/predictions', items, bearer)).status).toBe(200)
  const one = [{ id: 'a', time: start, features: {}, score: 1 }]
  expect((await server.post('/endpoints/wide/predictions', one, bearer)).status).toBe(200)
  await server.settled()
  // however many features an endpoint has
  const [of, at] = [{ project: 'p', endpoint: 'wide', revision: 0, segment: '' }, new Date(start).toISOString()]
  const window = {
    window_start: at,
    window_end: at,
    computed_at: 9_000_000,
    samples: 10,
    state: 'ok',
    definition: '{}',
  }
  await server.kedge.environment.events.insert(
    'scores',
    Array.from({ length: 500 }, (_, i) => ({
      ...of,
      monitor: 'drift.distance',
      feature: `f${i}`,
      value: i,
      ...window,
    })),
  )
  // what was measured before is shown no more
  await exports(2)
}, 120_000)
afterAll(async () => {
  await server?.close()
  collector.close()
})

const scrape = async (path: string, headers: Record<string, string> = bearer) => {
  const answer = await fetch(server.address + path, { headers })
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() }
}
const line = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (-?[\d.e+-]+|NaN)$/

test('everything that is written is in the form of Prometheus, and in the catalogue', async () => {
  const { status, type, text } = await scrape('/metrics')
  expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  const typed = new Map<string, string>()
  const seen = new Map<string, number>()
  const series = new Set<string>()
  for (const one of text.trimEnd().split('\n')) {
    const [, name, kind] = /^# TYPE (\S+) (gauge|counter)$/.exec(one) ?? []
    if (name) typed.set(name, kind!)
    if (one.startsWith('#')) continue
    const [whole, metric, labels] = line.exec(one) ?? []
    expect(whole, one).toBeDefined()
    const family = Object.values(metricCatalogue).find((known) => known.name === metric)!
    expect(family, metric).toBeDefined()
    expect(typed.get(metric!), metric).toBe(family.kind)
    expect([...(labels ?? '').matchAll(/(\w+)="/g)].map(([, label]) => label).sort()).toEqual([...family.labels].sort())
    const key = one.slice(0, one.lastIndexOf(' '))
    expect(series.has(key), `${key} stands twice`).toBe(false)
    series.add(key)
    seen.set(metric!, (seen.get(metric!) ?? 0) + 1)
  }
  for (const name of [
    'kedge_info',
    'kedge_jobs',
    'kedge_monitor_score',
    'kedge_monitor_state',
    'kedge_alerts_open',
    'kedge_last_prediction_timestamp_seconds',
  ])
    expect(seen.has(name), name).toBe(true)
  expect(text).toMatch(/kedge_monitor_state\{project="p",endpoint="scores",family="drift"\} 2/)
  expect(text).toMatch(/kedge_alerts_open\{project="p",endpoint="scores",family="drift"\} 1/)
  expect(text.match(/kedge_monitor_score\{project="p",endpoint="wide"/g)).toHaveLength(60)
  expect(text).toContain('kedge_monitor_scores_omitted{project="p",endpoint="wide"} 440')
})

test('whoever may read all projects may scrape; a token of one project gets that one', async () => {
  expect((await scrape('/metrics', {})).status).toBe(401)
  const made = await fetch(`${server.address}/api/v1/tokens`, {
    method: 'POST',
    headers: { ...bearer, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'viewer', role: 'viewer', project: 'p' }),
  })
  const { token } = (await made.json()) as { token: string }
  const own = { authorization: `Bearer ${token}` }
  expect((await scrape('/metrics', own)).status).toBe(403)
  expect((await scrape('/api/v1/projects/other/metrics', own)).status).toBe(403)
  const { status, text } = await scrape('/api/v1/projects/p/metrics', own)
  expect(status).toBe(200)
  expect(text).toContain('kedge_monitor_state{project="p"')
  expect(text).not.toContain('kedge_info')
})

test('the dashboard asks for nothing but metrics and labels that there are', async () => {
  const { code, out } = await cli(['grafana'], { url: server.address })
  expect(code).toBe(0)
  const dashboard = JSON.parse(out) as Body
  const queries: string[] = dashboard.panels.flatMap((panel: Body) =>
    (panel.targets ?? []).map((target: Body) => target.expr),
  )
  expect(queries.length).toBeGreaterThan(15)
  const known = new Map<string, readonly string[]>(
    Object.values(metricCatalogue).map(({ name, labels }) => [name, labels]),
  )
  for (const query of queries) {
    const names = query.match(/kedge_\w+/g) ?? []
    expect(names.length, query).toBeGreaterThan(0)
    for (const name of names) expect(known.has(name), `${name} in ${query}`).toBe(true)
    for (const [, name, matchers] of query.matchAll(/(kedge_\w+)\{([^}]*)\}/g))
      for (const [, label] of matchers!.matchAll(/(\w+)(?:=~|!=|=)"/g))
        expect(known.get(name!), `${name}{${label}}`).toContain(label)
  }
  for (const { query } of dashboard.templating.list)
    if (typeof query === 'object') expect(known.has(/kedge_\w+/.exec(query.query)![0])).toBe(true)
  const ids = dashboard.panels.map((panel: Body) => panel.id)
  expect(new Set(ids).size).toBe(ids.length)
})

test('a collector gets the same by OTLP: what OpenTelemetry’s own classes read', async () => {
  await exports(1)
  const { url, headers, body } = received.at(-1)!
  expect(url).toBe('/v1/metrics')
  expect(headers).toMatchObject({ 'content-type': 'application/x-protobuf', 'x-tenant': 'ours' })
  const python = await pythonEnvironment(join(import.meta.dirname, '../mlflow/requirements.lock'))
  const read = `
import base64, json, os
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
with open(os.environ["KEDGE_BODY"], "rb") as file:
    print(json.dumps(MessageToDict(ExportMetricsServiceRequest.FromString(file.read()))))
`
  const file = join(server.directory, 'body')
  writeFileSync(file, body)
  const { resourceMetrics } = JSON.parse(await runPython(python, read, { KEDGE_BODY: file })) as Body
  const [{ resource, scopeMetrics }] = resourceMetrics
  expect(resource.attributes).toContainEqual({ key: 'service.name', value: { stringValue: 'kedge' } })
  const metrics = new Map<string, Body>(scopeMetrics[0].metrics.map((metric: Body) => [metric.name, metric]))
  const journal = metrics.get('kedge_journal_entries_total').sum
  expect(journal).toMatchObject({ isMonotonic: true, aggregationTemporality: 'AGGREGATION_TEMPORALITY_CUMULATIVE' })
  expect(journal.dataPoints[0].asDouble).toBeGreaterThan(0)
  const age = Date.now() - Number(BigInt(journal.dataPoints[0].timeUnixNano) / 1_000_000n)
  expect(age).toBeLessThan(60_000)
  expect(age).toBeGreaterThan(-1000)
  const state = metrics
    .get('kedge_monitor_state')
    .gauge.dataPoints.find((point: Body) => point.attributes.some((one: Body) => one.value.stringValue === 'drift'))
  expect(state).toMatchObject({ asDouble: 2 })
})
