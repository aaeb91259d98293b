import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LoopServer, startLoopServer } from '../../src/cli/loop/loop-server.ts'
import { cli } from './run-cli.ts'

let folder: string
let server: LoopServer
const on = (args: string[]) => cli(args, { url: server.url, cwd: folder })
const file = (name: string, text: string) => writeFileSync(join(folder, name), text)

const project = `project: shop
sources:
  orders: { kind: csv, path: orders.csv }
  customers: { kind: csv, path: customers.csv }
datasets:
  customers:
    from: customers
    key: [id]
    contract: { owner: crm team, columns: { id: { type: int, unique: true }, name: { type: text } } }
  orders:
    from: orders
    key: [order]
    curate:
      - join: { with: customers, on: { customer: id } }
      - check: { that: amount > 0, reason: no amount }
pipelines:
  train:
    steps:
      fit: { run: "true", inputs: { rows: { dataset: orders } }, outputs: { model: model/ }, register: { model: worth, output: model } }
models:
  worth: {}
`

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kedge-cli-data-'))
  file('kedge.yaml', project)
  file('customers.csv', 'id,name\n1,Ada\n2,Bob\n')
  file('orders.csv', 'order,customer,amount\n1,1,10\n2,2,-5\n3,1,7\n')
  server = await startLoopServer({ data: join(folder, 'data'), environment: process.env, progress: () => {} })
  expect(await on(['apply'])).toMatchObject({ code: 0, err: '' })
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('a dataset is made, looked into, named, compared', async () => {
  expect((await on(['data', 'materialise', 'customers'])).code).toBe(0)
  expect((await on(['data', 'preview', 'orders'])).out).toMatch(/2 +check +3 +2 +0 +1 +0 +no amount \(1\)/)
  expect((await on(['data', 'sql', 'orders'])).out).toMatch(/^SELECT CAST\(/)
  expect((await on(['data', 'materialise', 'orders'])).code).toBe(0)
  expect((await on(['data', 'quarantine', 'orders'])).out).toMatch(/2 +2 +-5 .*no amount/)
  expect((await on(['data', 'suggest', 'orders'])).out).toContain('{"not_null":["order","customer","amount","name"]}')
  expect((await on(['data', 'tag', 'orders', 'latest', 'golden'])).out).toBe('orders@1 is golden\n')
  file('orders.csv', 'order,customer,amount\n1,1,11\n3,1,7\n4,2,3\n')
  expect((await on(['data', 'materialise', 'orders'])).code).toBe(0)
  const { out } = await on(['data', 'diff', 'orders', 'golden', 'latest'])
  expect(out).toContain('by order: 1 added, 0 removed, 1 changed')
  expect(out).toContain('amount changed in 1 rows')
  expect((await on(['data', 'as-of', 'orders', new Date().toISOString()])).out).toMatch(/orders +2 +published/)
  expect((await on(['data', 'pin', 'orders', '1'])).out).toBe('orders@1 is pinned\n')
})

test('a breaking change is seen before it is applied, with who reads the dataset', async () => {
  file(
    'kedge.yaml',
    project
      .replace('    key: [id]\n', '    key: [id]\n    curate: [{ rename: { name: full_name } }]\n')
      .replace(', name: { type: text }', ''),
  )
  const { out } = await on(['apply', '--dry-run'])
  expect(out).toContain('breaks: the column name goes')
  expect(out).toContain('breaks: the contract no longer promises the column name')
  expect(out).toContain('for: dataset orders, pipeline train, model worth')
})
