import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { silentLog } from '../../src/log.ts'
import { type Kedge, startKedge } from '../../src/main.ts'
import { deployDelay, projectApi } from '../serving/project-api.ts'
import { eventually, post, temporaryDirectory } from '../serving/stand.ts'

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let kedge: Kedge
let at: string

const api = projectApi(() => kedge.address)

async function start() {
  const config = { port: 0, data: join(directory.path, 'data'), sourceFolder: [directory.path] }
  kedge = await startKedge(readConfig({ ...config, logLevel: 'silent' }), silentLog)
  at = (await kedge.ready()).inference!
}

const view = {
  from: 'trips',
  entity: 'route',
  owner: 'planning',
  features: {
    origin: 'upper(origin)',
    distance: { sum: 'distance', over: '1h' },
    trips: { count: true, over: '1d' },
  },
}

/** Rows of now, less a few seconds each, so that their order is that of the list. */
const trip = (route: string, distance: number, origin = 'sfo', ago = 0) => ({
  ...{ route, distance: String(distance), origin },
  at: new Date(Date.now() - ago).toISOString(),
})
const push = (...rows: object[]) => api<{ landed: number }>('POST', '/streams/trips/rows', rows)

async function materialise() {
  const { jobId } = await api<{ jobId: number }>('POST', '/datasets/trips/materialise', {})
  const job = await kedge.environment.jobs.wait(jobId)
  if (job.state !== 'succeeded') throw new Error(JSON.stringify(job))
  return (job.result as { version: number }).version
}

const deploy = (name: string, features: object) => deployDelay(kedge.address, name, { features })

const score = async (features: object, name = 'delay') => {
  const { status, body } = (await post(`${at}/endpoints/${name}/predict`, { instances: [{ features }] })) as {
    status: number
    body: { predictions: { score: number }[] }
  }
  return status === 200 ? body.predictions[0]!.score : undefined
}
/** What the model says of these features themselves. */
const ofValues = (distance: number, origin = 'SFO') => score({ hour: 7, distance, origin })

beforeAll(async () => {
  directory = await temporaryDirectory()
  await mkdir(join(directory.path, 'data'))
  await start()
  await api('PUT', '/sources/trips', {
    ...{ kind: 'push', land: { seconds: 0.5 }, versions: { seconds: 86_000 } },
    columns: { route: 'text', distance: 'float', origin: 'text', at: 'time' },
  })
  await api('PUT', '/datasets/trips', { from: 'trips', time: 'at', curate: [{ filter: 'distance > 0' }] })
  await push(
    trip('A', 300, 'sfo', 10_000),
    trip('A', 100, 'sfo', 5000),
    trip('A', -1),
    trip('B', 700, 'lax', 7_200_000),
  )
  await eventually(async () => {
    const { batches } = await api<{ batches: { rows: number } }>('GET', '/streams/trips')
    return batches.rows === 4
  }, 'a micro-batch')
  expect(await materialise()).toBe(1)
  await api('PUT', '/features/activity', view)
  await eventually(
    async () => (await api<{ version: number | null }>('GET', '/features/activity')).version === 1,
    'a base',
  )
  expect(await deploy('delay', { view: 'activity', columns: ['origin', 'distance'] })).toMatchObject({ state: 'ready' })
}, 60_000)
afterAll(async () => {
  await kedge?.stop()
  await directory?.remove()
})

test('a view is looked up by the entity of a request, windows as of now', async () => {
  expect(await score({ hour: 7, route: 'A' })).toBe(await ofValues(400))
  // its only row is older than the window: an entity that is known, with nothing in it
  expect(await score({ hour: 7, route: 'B' })).toBe(await ofValues(0, 'LAX'))
  expect(await score({ hour: 7, route: 'C' })).toBeUndefined()
  const shown = await api('POST', '/features/activity/lookup', { keys: ['A', 'C'] })
  expect(shown).toMatchObject({
    items: [
      { key: 'A', values: { origin: 'SFO', distance: 400, trips: 2 } },
      { key: 'C', values: { origin: null, distance: null, trips: null } },
    ],
  })
})

test('a row that has landed is in the next second’s lookups, curated as the dataset is', async () => {
  const delays: number[] = []
  let total = 400
  for (let i = 1; i <= 6; i++) {
    total += i
    await push(trip('A', i), trip('A', -5))
    const landed = performance.now()
    const wanted = await ofValues(total)
    await eventually(async () => (await score({ hour: 7, route: 'A' })) === wanted, `row ${i}`)
    delays.push(performance.now() - landed)
  }
  expect(delays.toSorted((a, b) => a - b)[1]).toBeLessThan(1000)
  const { items } = await api<{ items: { values: object }[] }>('POST', '/features/activity/lookup', { keys: ['A'] })
  expect(items[0]!.values).toEqual({ origin: 'SFO', distance: total, trips: 8 })
  expect(await api('GET', '/features')).toMatchObject({
    items: [{ name: 'activity', owner: 'planning', live: true, entity: ['route'], freshness: expect.any(Number) }],
  })
})

test('nothing is lost or taken twice when the process that serves is killed', async () => {
  const wanted = await score({ hour: 7, route: 'A' })
  const { inference } = (await (await fetch(`${kedge.address}/api/v1/status`)).json()) as { inference: { pid: number } }
  process.kill(inference.pid, 'SIGKILL')
  await push(trip('D', 5, 'jfk'))
  const after = await eventually(async () => {
    at = ((await (await fetch(`${kedge.address}/api/v1/status`)).json()) as { addresses: { inference: string } })
      .addresses.inference
    return score({ hour: 7, route: 'D' }).catch(() => undefined)
  }, 'the next process')
  expect(after).toBe(await ofValues(5, 'JFK'))
  expect(await score({ hour: 7, route: 'A' })).toBe(wanted)
}, 30_000)

test('a changed definition is filled in from the rows that are there, without a failed request', async () => {
  let failed = 0
  let going = true
  const load = (async () => {
    while (going) if ((await score({ hour: 7, route: 'A' })) === undefined) failed++
  })()
  const doubled = { ...view, features: { ...view.features, distance: { sum: 'distance * 2', over: '1h' } } }
  await api('PUT', '/features/activity', doubled)
  const { items } = await api<{ items: { values: { distance: number } }[] }>('POST', '/features/activity/lookup', {
    keys: ['A'],
  })
  const wanted = await ofValues(items[0]!.values.distance)
  await eventually(async () => (await score({ hour: 7, route: 'A' })) === wanted, 'the new definition')
  going = false
  await load
  expect(failed).toBe(0)
  expect(items[0]!.values.distance).toBeGreaterThan(800)
}, 30_000)

test('how far served values are from those of training is a number for each feature', async () => {
  const recorded = () =>
    kedge.environment.events.query(`SELECT id FROM predictions WHERE texts['$key'] = 'A' AND numbers['distance'] < 500`)
  await eventually(async () => (await recorded()).length > 3, 'the record')
  const { features } = await api<{
    features: {
      name: string
      skew: { endpoint: string; samples: number; different: number; meanDifference: number }[]
    }[]
  }>('POST', '/features/activity/skew')
  const of = (name: string) => features.find((feature) => feature.name === name)!.skew[0]!
  // predictions before the definition changed had half of what it gives for their moments
  expect(of('distance')).toMatchObject({ endpoint: 'delay' })
  expect(of('distance').different).toBeGreaterThan(0)
  expect(of('distance').meanDifference).toBeGreaterThan(0)
  expect(of('origin')).toMatchObject({ different: 0, meanDifference: null, samples: of('distance').samples })
})
