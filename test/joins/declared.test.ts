import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cli } from '../cli/run-cli.ts'
import { day, type JoinServer, openServer } from './stand.ts'

let server: JoinServer
let cwd: string
beforeAll(async () => {
  server = await openServer()
  cwd = join(server.directory, 'project')
  mkdirSync(cwd)
})
afterAll(() => server.close())

const start = Date.parse('2001-03-05T00:00:00Z')
const apply = async (...args: string[]) => {
  const { code, err, out } = await cli(['apply', '--json', ...args], { url: server.address, cwd })
  return { code, err, out: out === '' ? undefined : JSON.parse(out) }
}
const declare = (...endpoints: string[]) =>
  writeFileSync(
    join(cwd, 'kedge.yaml'),
    [
      'project: p',
      'sources:',
      `  rows: { kind: csv, path: ${join(cwd, 'training.csv')} }`,
      'datasets:',
      '  training: { from: rows }',
      'endpoints:',
      ...endpoints.map((line) => `  ${line}`),
    ].join('\n'),
  )

test('an endpoint that is declared external is compared with the dataset that it names', async () => {
  const rows = Array.from(
    { length: 300 },
    (_, i) => `${i / 300},${i % 2},${new Date(start - day + i * 1000).toISOString()}`,
  )
  writeFileSync(join(cwd, 'training.csv'), ['x,churned,at', ...rows].join('\n'))
  declare('churn: { external: true, task: binary, features: { x: number } }')
  expect(await apply()).toMatchObject({ code: 0 })
  const made = await cli(['data', 'materialise', 'training'], { url: server.address, cwd })
  expect(made.code, made.err).toBe(0)
  declare(
    'churn:',
    '  external: true',
    '  task: binary',
    '  features: { x: number }',
    '  reference: { dataset: training, columns: { actual: churned, time: at } }',
  )
  const changed = await apply()
  expect(changed.code, changed.err).toBe(0)
  expect(await server.get('/endpoints/churn/logged')).toMatchObject({
    references: [{ version: '', rows: 300, origin: { dataset: 'training', version: 1 } }],
  })
  // the same again changes nothing
  expect(JSON.stringify((await apply('--dry-run')).out)).not.toContain('"change"')
  const items = [{ id: 'a', time: start, features: { x: 0.5 }, score: 0.5 }]
  expect((await server.post('/endpoints/churn/predictions', items)).status).toBe(200)
  await server.settled()
  const { revisions } = await server.get('/endpoints/churn/monitoring')
  expect(revisions).toMatchObject([{ revision: 0, predictions: 1, reference: expect.anything() }])
})

test('what is wrong in the declaration is said where it stands', async () => {
  declare('churn: { external: true, tsk: binary }')
  const { code, err } = await apply()
  expect(code).toBe(2)
  expect(err).toMatch(/tsk is not known; did you mean task/)
})
