import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { type Kedge, startKedge } from '../../src/main.ts'
import { grpcClient, unary } from './grpc-client.ts'
import { deployDelay, projectApi } from './project-api.ts'
import { eventually, expectedOf, post, temporaryDirectory } from './stand.ts'

const { instances, scores } = expectedOf('delay-1')
/** the features of a route; the hour comes with the request */
const routes = instances.slice(0, 8)
let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let kedge: Kedge
let at: string
let grpc: string

const api = projectApi(() => kedge.address)

/** A version of the routes; `distance` of the first may be another. The second route stands there twice, the newer last but one. */
async function publish(distance = routes[0]!.distance) {
  const lines = routes.map(
    ({ origin, distance: own }, i) => `R${i},2001-02-0${i + 1},${origin},${i === 0 ? distance : own}`,
  )
  lines.push('R1,2000-01-01,OLD,1')
  await writeFile(join(directory.path, 'files', 'routes.csv'), `route,since,origin,distance\n${lines.join('\n')}\n`)
  const { jobId } = await api<{ jobId: number }>('POST', '/datasets/routes/materialise', {})
  const job = await kedge.environment.jobs.wait(jobId)
  if (job.state !== 'succeeded') throw new Error(JSON.stringify(job))
  return (job.result as { version: number }).version
}

const deploy = (name: string, spec: object) => deployDelay(kedge.address, name, spec)

const features = { from: 'routes', key: 'route', columns: ['origin', 'distance'] }
const predict = (name: string, rows: object[]) =>
  post(`${at}/endpoints/${name}/predict`, {
    instances: rows.map((row, i) => ({ id: `${name}-${i}`, features: row })),
  }) as Promise<{ status: number; body: { predictions: { score: number }[] } }>

beforeAll(async () => {
  directory = await temporaryDirectory()
  await mkdir(join(directory.path, 'files'))
  const config = { port: 0, data: join(directory.path, 'data'), sourceFolder: [join(directory.path, 'files')] }
  kedge = await startKedge(readConfig({ ...config, logLevel: 'silent' }), silentLog)
  const addresses = await kedge.ready()
  at = addresses.inference!
  grpc = addresses.grpc!
  await api('PUT', '/sources/routes', { kind: 'csv', path: 'routes.csv' })
  await api('PUT', '/datasets/routes', { from: 'routes', time: 'since' })
  expect(await publish()).toBe(1)
  expect(await deploy('delay', { features, record: { personal: { route: 'hash' } } })).toMatchObject({ state: 'ready' })
})
afterAll(async () => {
  await kedge?.stop()
  await directory?.remove()
})

test('what callers leave out is looked up by their key, the same by every protocol', async () => {
  const { body } = await predict(
    'delay',
    routes.map(({ hour }, i) => ({ route: `R${i}`, hour: hour! })),
  )
  body.predictions.forEach(({ score }, i) => {
    expect(score).toBeCloseTo(scores[i]!, 5)
  })
  const split = await post(`${at}/endpoints/delay/invocations`, {
    dataframe_split: { columns: ['hour', 'route'], data: routes.map(({ hour }, i) => [hour, `R${i}`]) },
  })
  expect((split.body as { predictions: number[] }).predictions[3]).toBeCloseTo(scores[3]!, 5)

  const { inputs } = (await (await fetch(`${at}/v2/models/delay`)).json()) as {
    inputs: { name: string; datatype: string }[]
  }
  const hours = routes.map(({ hour }) => hour)
  const keys = routes.map((_, i) => `R${i}`)
  const n = routes.length
  const tensors = [
    { ...inputs.find(({ name }) => name === 'hour')!, shape: [n, 1], data: hours },
    { name: 'route', datatype: 'BYTES', shape: [n], data: keys },
  ]
  const v2 = await post(`${at}/v2/models/delay/infer`, { id: 'v2', inputs: tensors })
  const kedgeForm = body.predictions.map(({ score }) => Math.fround(score))
  const last = (v2.body as { outputs: { name: string; data: number[] }[] }).outputs.find(
    ({ data }) => data.length === 2 * n,
  )
  expect(last!.data.filter((_, i) => i % 2 === 1).map(Math.fround)).toEqual(kedgeForm)

  const client = grpcClient(grpc, 'inference.GRPCInferenceService')
  const answer = await unary<{ outputs: { contents: { fp32_contents: number[] } }[] }>(client, 'ModelInfer', {
    model_name: 'delay',
    id: 'grpc',
    inputs: [
      { ...tensors[0], data: undefined, contents: { fp32_contents: hours } },
      { ...tensors[1], data: undefined, contents: { bytes_contents: keys.map((key) => Buffer.from(key)) } },
    ],
  })
  client.close()
  const floats = answer.outputs.find(({ contents }) => contents.fp32_contents.length === 2 * n)!.contents.fp32_contents
  expect(floats.filter((_, i) => i % 2 === 1)).toEqual(kedgeForm)
})

test('what was looked up is on record with where it came from, the key masked when it is personal', async () => {
  const rows = await eventually(async () => {
    const found = await kedge.environment.events.query<{
      id: string
      numbers: Record<string, number>
      texts: Record<string, string>
    }>(`SELECT id, numbers, texts FROM predictions FINAL WHERE endpoint = 'delay' ORDER BY id`)
    return found.length >= 4 * routes.length && found
  }, 'the record')
  for (const id of ['delay-2', 'v2/2', 'grpc/2']) {
    const { numbers, texts } = rows.find((row) => row.id === id)!
    expect(numbers).toEqual({ distance: Math.fround(routes[2]!.distance as number), hour: routes[2]!.hour })
    expect(texts).toEqual({
      origin: routes[2]!.origin,
      $features: 'routes@1',
      $key: expect.stringMatching(/^hash:/),
    })
  }
})

test('what a caller sends goes first, and a key that is missing or not there is the caller’s mistake', async () => {
  const whole = await predict('delay', [instances[0]!, { ...instances[5]!, route: 'R0' }])
  expect(whole.body.predictions[0]!.score).toBeCloseTo(scores[0]!, 5)
  expect(whole.body.predictions[1]!.score).toBeCloseTo(scores[5]!, 5)
  for (const [row, what] of [
    [{ hour: 3 }, 'instances.0.features.route is missing'],
    [{ hour: 3, route: 'R99' }, 'instances.0.features.route is not in routes@1'],
    [{ hour: 3, route: 1.5 }, 'must be a text or a whole number'],
  ] as const) {
    const { status, body } = await predict('delay', [row])
    expect(status).toBe(400)
    expect(JSON.stringify(body)).toContain(what)
    expect(JSON.stringify(body)).not.toContain('R99')
  }
})

test('an unknown key has missing values, or what the endpoint declares', async () => {
  await deploy('nulls', { features: { ...features, missing: null } })
  await deploy('defaults', {
    features: { ...features, missing: { distance: routes[4]!.distance, origin: routes[4]!.origin } },
  })
  const [unknown] = (await predict('nulls', [{ hour: 5, route: 'R99' }])).body.predictions
  const [absent] = (await predict('nulls', [{ hour: 5, distance: null, origin: null }])).body.predictions
  expect(unknown!.score).toBe(absent!.score)
  const [instead] = (await predict('defaults', [{ hour: routes[4]!.hour!, route: 'R99' }])).body.predictions
  expect(instead!.score).toBeCloseTo(scores[4]!, 5)
})

test('a new version is served as a whole, without a failed request; a pinned one stays', async () => {
  await deploy('pinned', { features: { ...features, from: { dataset: 'routes', version: 1 } } })
  const row = [{ hour: routes[0]!.hour!, route: 'R0' }]
  const [before] = (await predict('delay', row)).body.predictions
  const statuses = new Set<number>()
  let going = true
  const load = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (going) statuses.add((await predict('delay', row)).status)
    }),
  )
  expect(await publish(4000)).toBe(2)
  const after = await eventually(async () => {
    const [now] = (await predict('delay', row)).body.predictions
    return now!.score !== before!.score && now
  }, 'the new version')
  going = false
  await load
  expect([...statuses]).toEqual([200])
  const [own] = (await predict('delay', [{ ...routes[0]!, distance: 4000 }])).body.predictions
  expect(after.score).toBe(own!.score)
  expect((await predict('pinned', row)).body.predictions[0]!.score).toBe(before!.score)
  expect(await (await fetch(`${at}/endpoints/delay`)).json()).toMatchObject({
    lookup: { key: 'route', columns: ['origin', 'distance'], source: 'routes@2', entities: routes.length },
  })
})

test('an endpoint whose features cannot be had says why', async () => {
  await expect(deploy('wrong', { features: { ...features, columns: ['origin', 'price'] } })).rejects.toThrow(
    /no column price/,
  )
})
