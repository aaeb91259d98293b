import { readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { type Kedge, startKedge } from '../../src/main.ts'
import { pythonEnvironment, runPython } from '../servers/python-env.ts'
import { projectApi } from '../serving/project-api.ts'
import { eventually, temporaryDirectory } from '../serving/stand.ts'

interface Sent {
  eventType: string
  run: { runId: string }
  job: { name: string }
  inputs: { namespace: string; name: string }[]
  outputs: { name: string; facets: Record<string, Record<string, unknown>> }[]
}

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let kedge: Kedge
let events: string
const here = new URL('.', import.meta.url).pathname

const api = projectApi(() => kedge.address)
async function materialise(dataset: string) {
  const { jobId } = await api<{ jobId: number }>('POST', `/datasets/${dataset}/materialise`, {})
  return kedge.environment.jobs.wait(jobId).catch((error: Error) => error)
}
const start = async (openlineageUrl: string) => {
  const config = { port: 0, data: join(directory.path, 'data'), sourceFolder: [directory.path], roles: ['control'] }
  kedge = await startKedge(readConfig({ ...config, openlineageUrl, logLevel: 'silent' }), silentLog)
}
const sent = () =>
  readFileSync(events, { encoding: 'utf8', flag: 'a+' })
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Sent)

beforeAll(async () => {
  directory = await temporaryDirectory()
  await mkdir(join(directory.path, 'data'))
  events = join(directory.path, 'events.jsonl')
  await start(`file:${events}`)
  await writeFile(
    join(directory.path, 'sales.csv'),
    'id,at,price,amount,buyer\n1,2024-01-01,2.5,4,ann\n2,2024-01-02,3,1,bob\n',
  )
  await writeFile(join(directory.path, 'rates.csv'), 'id,rate\n1,1.1\n2,1.2\n')
  await api('PUT', '/sources/sales', { kind: 'csv', path: 'sales.csv' })
  await api('PUT', '/sources/rates', { kind: 'csv', path: 'rates.csv' })
  await api('PUT', '/datasets/rates', { from: 'rates' })
  await api('PUT', '/datasets/sales', {
    from: 'sales',
    time: 'at',
    curate: [
      { join: { with: 'rates', on: ['id'] } },
      { derive: { euros: 'price * amount * rate' } },
      { rename: { buyer: 'customer' } },
    ],
    expect: [{ not_null: 'euros' }],
  })
  await api('PUT', '/datasets/strict', { from: 'sales', expect: [{ between: { column: 'price', max: 1 } }] })
  await api('PUT', '/features/buyers', {
    from: 'sales',
    entity: 'customer',
    features: { spent: { sum: 'euros', over: '7d' } },
  })
  for (const dataset of ['rates', 'sales', 'strict']) await materialise(dataset)
  await eventually(() => sent().length >= 6, 'the events')
}, 60_000)
afterAll(async () => {
  await kedge?.stop()
  await directory?.remove()
})

test('versions of datasets are told with what they were made of, down to columns', () => {
  const [began, done] = sent().filter(({ job }) => job.name === 'dataset.sales')
  expect([began!.eventType, done!.eventType]).toEqual(['START', 'COMPLETE'])
  expect(done!.run.runId).toBe(began!.run.runId)
  expect(done!.inputs.map(({ namespace, name }) => `${namespace}/${name}`)).toEqual([
    'kedge://default/source/sales',
    'kedge://default/rates',
  ])
  const { schema, columnLineage, version } = done!.outputs[0]!.facets
  expect(version).toMatchObject({ datasetVersion: '1' })
  expect(schema!.fields).toContainEqual({ name: 'euros', type: 'float64' })
  const fields = columnLineage!.fields as Record<string, { inputFields: { name: string; field: string }[] }>
  expect(fields.euros!.inputFields.map(({ name, field }) => `${name}.${field}`).sort()).toEqual([
    'rates.rate',
    'sales.amount',
    'sales.price',
  ])
  expect(fields.customer!.inputFields).toMatchObject([{ field: 'buyer', transformations: [{ subtype: 'IDENTITY' }] }])
  expect(sent().find(({ job, eventType }) => job.name === 'dataset.strict' && eventType === 'FAIL')).toBeTruthy()
})

test('the client of OpenLineage reads all of them, and what it sends is in the graph', async () => {
  const python = await pythonEnvironment(join(here, 'openlineage.lock'))
  const script = readFileSync(join(here, 'openlineage-client.py'), 'utf8')
  const read = JSON.parse(await runPython(python, script, { EVENTS: events, KEDGE: kedge.address })) as string[][]
  expect(read).toContainEqual(['COMPLETE', 'dataset.sales'])
  const { things, edges } = await eventually(async () => {
    const graph = await api<{ things: { subject: string; distance: number }[]; edges: unknown[] }>(
      'GET',
      '/lineage/dataset_version/sales@1',
    )
    return graph.things.some(({ distance }) => distance === 2) && graph
  }, 'the graph')
  expect(things).toContainEqual({ subject: 'external_dataset/postgres://db:5432/shop.public.report', distance: 2 })
  expect(edges).toContainEqual(
    expect.objectContaining({ thing: 'external_job/airflow/reports.daily', source: 'dataset_version/sales@1' }),
  )
  // the same event again was taken once
  expect(await kedge.environment.journal.read({ types: ['lineage.received'] })).toHaveLength(2)

  const { columns } = await api<{ columns: { kind: string; name: string; column: string; distance: number }[] }>(
    'GET',
    '/column-lineage/dataset/sales/euros',
  )
  const shown = columns.map(({ kind, name, column, distance }) => `${distance} ${kind} ${name}.${column}`)
  expect(shown).toEqual(
    expect.arrayContaining([
      '-1 dataset rates.rate',
      '-2 source rates.rate',
      '-1 source sales.price',
      '1 feature_view buyers.spent',
      '1 external_dataset postgres://db:5432/shop.public.report.income',
    ]),
  )
  await expect(api('GET', '/column-lineage/dataset/sales/euroz')).rejects.toThrow('Did you mean euros?')
}, 120_000)

test('a server that refuses is told again, in time', async () => {
  const taken: Sent[] = []
  let refused = 0
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    if (refused++ < 2) return response.writeHead(503).end()
    taken.push(JSON.parse(Buffer.concat(pieces).toString()) as Sent)
    return response.writeHead(201).end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  await kedge.stop()
  await start(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  await writeFile(join(directory.path, 'rates.csv'), 'id,rate\n1,1.3\n2,1.2\n')
  await materialise('rates')
  await eventually(() => taken.some(({ eventType }) => eventType === 'COMPLETE'), 'what was told again')
  expect(refused).toBeGreaterThan(2)
  server.close()
}, 60_000)
