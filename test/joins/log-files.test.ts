import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cli as runCommand } from '../cli/run-cli.ts'
import { day, hour, type JoinServer, openServer } from './stand.ts'

const start = Date.parse('2001-03-05T00:00:00Z')
let server: JoinServer
beforeAll(async () => {
  server = await openServer()
})
afterAll(() => server.close())

const cli = (...args: string[]) => runCommand([...args, '--json', '--project', 'p'], { url: server.address })
const file = (name: string, text: string) => {
  const path = join(server.directory, name)
  writeFileSync(path, text)
  return path
}
const rows = (endpoint: string) =>
  server.get(`/endpoints/${endpoint}/predictions?limit=1000`).then((body) => body.items)

const count = 500
const table = Array.from({ length: count }, (_, i) => ({
  request: `r${i}`,
  made_at: new Date(start + i * (day / 100)).toISOString(),
  p: (i % 10) / 10,
  x: i % 7 === 0 ? null : i / 4,
  city: i % 5 === 0 ? '' : `c${i % 3}`,
  model: i < 250 ? 'v1' : 'v2',
  churned: i % 2,
}))
const csv = [
  Object.keys(table[0]!).join(','),
  ...table.map((row) =>
    Object.values(row)
      .map((value) => value ?? '')
      .join(','),
  ),
].join('\n')
const roles = [
  '--id',
  'request',
  '--time',
  'made_at',
  '--score',
  'p',
  '--version-column',
  'model',
  '--ignore',
  'churned',
]

test('a CSV file is logged; logged again it is known, and every row is there once', async () => {
  const path = file('march.csv', csv)
  const planned = await cli('log', path, '--endpoint', 'csv', ...roles, '--dry-run')
  expect(planned.code, planned.err).toBe(0)
  expect(JSON.parse(planned.out).columns).toEqual([
    { name: 'request', type: 'String', as: 'id', what: 'id' },
    { name: 'made_at', type: expect.stringMatching(/^DateTime/), as: 'time', what: 'time' },
    { name: 'p', type: 'Float64', as: 'score', what: 'score' },
    { name: 'x', type: 'Float64', as: 'number', what: 'x' },
    { name: 'city', type: 'String', as: 'category', what: 'city' },
    { name: 'model', type: 'String', as: 'version', what: 'version' },
    { name: 'churned', type: 'Int64', as: 'left out', what: 'nothing was said of it' },
  ])
  expect(await rows('csv')).toEqual([])
  const first = await cli('log', path, '--endpoint', 'csv', ...roles)
  expect(first.code, first.err).toBe(0)
  expect(JSON.parse(first.out)).toMatchObject({ rows: count, again: 0 })
  expect(JSON.parse((await cli('log', path, '--endpoint', 'csv', ...roles)).out)).toMatchObject({ again: 1 })
  const logged = await rows('csv')
  expect(logged).toHaveLength(count)
  const byId = new Map(logged.map((row: { id: string }) => [row.id, row]))
  for (const row of table)
    expect(byId.get(row.request)).toMatchObject({
      time: Date.parse(row.made_at),
      score: row.p,
      revision: row.model === 'v1' ? 1 : 2,
      features: { ...(row.x === null ? {} : { x: row.x }), ...(row.city === '' ? {} : { city: row.city }) },
    })
})

test('actuals from a file: unknown ones wait, only corrected ones compute again', async () => {
  const path = file(
    'actuals.csv',
    ['request,churned', ...table.map((row) => `${row.request},${row.churned}`), 'later,1'].join('\n'),
  )
  const send = async (from: string) => {
    const { code, out, err } = await cli('actuals', from, '--endpoint', 'csv', '--id', 'request', '--value', 'churned')
    expect(code, err).toBe(0)
    return JSON.parse(out)
  }
  expect(await send(path)).toMatchObject({ rows: count + 1, unknown: 1, changed: count + 1 })
  await server.settled()
  expect(await server.get('/endpoints/csv/actuals/unknown')).toMatchObject({
    count: 1,
    newest: [{ id: 'later', value: 1 }],
  })
  const computed = await server.computed('monitoring.profile', 'buckets')
  const corrected = file(
    'corrected.csv',
    ['request,churned', ...table.map((row) => `${row.request},${row.request === 'r7' ? 0 : row.churned}`)].join('\n'),
  )
  expect(await send(corrected)).toMatchObject({ unknown: 0, changed: 1 })
  await server.settled()
  expect((await server.computed('monitoring.profile', 'buckets')) - computed).toBe(1)
  await server.post('/endpoints/csv/predictions', [{ id: 'later', time: start + hour, features: {}, score: 1 }])
  expect((await server.get('/endpoints/csv/actuals/unknown')).count).toBe(0)
  expect((await rows('csv')).find((row: { id: string }) => row.id === 'later')).toMatchObject({ actual: 1 })
})

test('many rows come in one body: NDJSON, CSV, Parquet and Arrow give the same rows', async () => {
  const source = `SELECT concat('r', toString(number)) AS id, toDateTime64('2001-03-05 00:00:00', 3, 'UTC') + number * 60 AS time,
    number / 1000 AS score, if(number % 3 = 0, NULL, toFloat64(number)) AS x, concat('c', toString(number % 4)) AS city, toBool(number % 2 = 0) AS even
    FROM numbers(1000)`
  const { events } = server.kedge.environment
  const types = {
    jsonl: 'application/x-ndjson',
    csv: 'text/csv',
    parquet: 'application/vnd.apache.parquet',
    arrow: 'application/vnd.apache.arrow.stream',
  }
  const forms = { jsonl: 'JSONEachRow', csv: 'CSVWithNames', parquet: 'Parquet', arrow: 'ArrowStream' }
  const seen: unknown[] = []
  for (const [form, type] of Object.entries(types)) {
    const path = join(server.directory, `rows.${form}`)
    await events.command(`INSERT INTO FUNCTION file({path:String}, ${forms[form as keyof typeof forms]}) ${source}`, {
      path,
    })
    const { status, body } = await server.post(`/endpoints/body-${form}/predictions`, readFileSync(path), {
      'content-type': type,
    })
    expect([form, status, body]).toEqual([form, 200, { accepted: 1000, actuals: 0, unknown: 0, ids: [] }])
    const logged = await rows(`body-${form}`)
    expect([form, new Set(logged.map((row: { id: string }) => row.id)).size]).toEqual([form, 1000])
    seen.push(logged)
  }
  expect(seen[0]).toHaveLength(1000)
  expect(seen[0]).toMatchObject([
    { id: 'r999', features: { city: 'c3', even: 'false' } },
    { id: 'r998', features: { x: 998 } },
    ...Array.from({ length: 998 }, () => ({})),
  ])
  for (const other of seen.slice(1)) expect(other).toEqual(seen[0])
})

test('what is wrong with a file is named by row and column, and nothing of it is taken', async () => {
  const send = (text: string, type = 'text/csv') =>
    server.post('/endpoints/broken/predictions', text, { 'content-type': type })
  const { status, body } = await send(
    'id,time,x,score\na,2001-03-05 00:00:00,1,0.5\n,2001-03-05 00:00:00,1,0.5\nc,2101-03-05 00:00:00,1,0.5',
  )
  expect([status, body.error.places]).toEqual([
    400,
    [
      { where: 'row 2, column id', what: 'is empty' },
      { where: 'row 3, column time', what: 'lies before 1970 or more than a day in the future' },
    ],
  ])
  expect((await send('{"id": "a", "x": 1', 'application/x-ndjson')).status).toBe(400)
  expect((await send('no parquet', 'application/vnd.apache.parquet')).status).toBe(400)
  expect((await send('')).status).toBe(400)
  expect(await rows('broken')).toEqual([])
  const missing = await cli('actuals', file('x.csv', 'a,b\n1,2'), '--endpoint', 'broken')
  expect([missing.code, JSON.parse(missing.err.trim().split('\n').at(-1)!).error.todo]).toEqual([
    2,
    'Name it: --id COLUMN --actual COLUMN.',
  ])
})
