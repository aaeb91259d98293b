import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readUnknownActuals } from '../../src/monitoring/actuals-unknown.ts'
import { openMonitoring } from '../monitoring/watch-flights.ts'
import { day, hour } from './stand.ts'

const start = Date.parse('2001-03-05T00:00:00Z')
const hours = 30
let world: Awaited<ReturnType<typeof openMonitoring>>
beforeAll(async () => {
  world = await openMonitoring()
})
afterAll(() => world.close())

type Step = { do: 'predict'; ids: number[] } | { do: 'actual'; of: { id: number; value: 0 | 1 }[] } | { do: 'settle' }

const id = fc.nat(39)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('predict' as const), ids: fc.array(id, { minLength: 1, maxLength: 12 }) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('actual' as const),
      of: fc.array(fc.record({ id, value: fc.constantFrom(0 as const, 1 as const) }), { minLength: 1, maxLength: 12 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
)

/** A prediction is a function of its id, so that it is the same when it comes again. */
const predictionOf = (n: number) => ({
  id: `p${n}`,
  time: start + ((n * 7) % hours) * hour + n * 1000,
  receivedAt: 1_700_000_000_000,
  revision: n % 2,
  shadow: false,
  caller: '',
  latencyUs: 0,
  features: { x: n },
  score: ((n * 13) % 40) / 40,
  label: '',
})

interface HourFacts {
  revision: number
  hour: number
  rows: number
  joined: number
  brier: number
}

/** What a map in memory makes of the same steps. */
function naively(predicted: ReadonlySet<number>, actuals: ReadonlyMap<number, number>): HourFacts[] {
  const facts = new Map<string, HourFacts>()
  for (const n of predicted) {
    const { time, revision, score } = predictionOf(n)
    const at = Math.floor(time / hour) * hour
    const fact = facts.get(`${revision}/${at}`) ?? { revision, hour: at, rows: 0, joined: 0, brier: 0 }
    facts.set(`${revision}/${at}`, fact)
    fact.rows++
    const actual = actuals.get(n)
    if (actual === undefined) continue
    fact.joined++
    fact.brier += (score - actual) ** 2
  }
  return [...facts.values()].sort((a, b) => a.revision - b.revision || a.hour - b.hour)
}

const computed = (endpoint: string) =>
  world.environment.events.query<HourFacts>(
    `SELECT revision, toUnixTimestamp(bucket) * 1000 AS hour, toUInt32(sums['predictions']) AS rows, count AS joined, sums['brier'] AS brier
     FROM performance FINAL WHERE project = 'p' AND scope = {scope:String} AND segment = '' ORDER BY revision, hour`,
    { scope: `endpoint/${endpoint}` },
  )

/** Hours that were computed so far. */
const work = async () => {
  const jobs = await world.environment.jobs.list({ kind: 'monitoring.profile', limit: 1000 })
  return jobs.reduce((sum, job) => sum + ((job.result as { buckets: number } | null)?.buckets ?? 0), 0)
}

test('predictions and actuals in any order, late, repeated, corrected: what a map in memory says', async () => {
  let endpoints = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      const key = { project: 'p', endpoint: `e${endpoints++}` }
      const { ingest, settled } = world.monitoring
      const predicted = new Set<number>()
      const actuals = new Map<number, number>()
      let receivedAt = 1_700_000_000_000
      for (const one of steps) {
        if (one.do === 'settle') await settled(key)
        else if (one.do === 'predict') {
          await ingest.predictions(key, one.ids.map(predictionOf))
          for (const n of one.ids) predicted.add(n)
        } else {
          // the clock goes back now and then
          receivedAt += one.of.length % 3 === 0 ? -5000 : 1000
          const before = new Map(actuals)
          for (const { id: n, value } of one.of) actuals.set(n, value)
          const taken = await ingest.actuals(
            key,
            one.of.map(({ id: n, value }) => ({ id: `p${n}`, value, receivedAt })),
          )
          const ids = new Set(one.of.map(({ id: n }) => n))
          expect(taken).toEqual({
            unknown: [...ids].filter((n) => !predicted.has(n)).length,
            changed: [...ids].filter((n) => before.get(n) !== actuals.get(n)).length,
          })
        }
      }
      await settled(key)
      const facts = await computed(key.endpoint)
      const expected = naively(predicted, actuals)
      expect(facts.map(({ brier: _, ...rest }) => rest)).toEqual(expected.map(({ brier: _, ...rest }) => rest))
      for (const [i, fact] of facts.entries()) expect(fact.brier).toBeCloseTo(expected[i]!.brier, 9)
      const unknown = await readUnknownActuals(world.environment.events, key)
      expect(unknown.count).toBe([...actuals.keys()].filter((n) => !predicted.has(n)).length)

      // the same again computes nothing; a correction computes its hour and no other
      const before = await work()
      await ingest.actuals(
        key,
        [...actuals].map(([n, value]) => ({ id: `p${n}`, value, receivedAt })),
      )
      await settled(key)
      expect(await work()).toBe(before)
      const joined = [...actuals.keys()].find((n) => predicted.has(n))
      if (joined === undefined) return
      await ingest.actuals(key, [{ id: `p${joined}`, value: 1 - actuals.get(joined)!, receivedAt }])
      await settled(key)
      expect((await work()) - before).toBe(1)
    }),
    { numRuns: Number(process.env.KEDGE_TEST_JOINS ?? 8), seed: 20_010_305 },
  )
}, 120_000)

test('an actual that comes months later evaluates the windows of its day and no others', async () => {
  const key = { project: 'p', endpoint: 'late' }
  const { ingest, settled, configure } = world.monitoring
  await configure({ actor: 'user/test' }, key, { window_days: 7 })
  const rows = Array.from({ length: 100 }, (_, n) => ({ ...predictionOf(n), id: `d${n}`, time: start + n * day }))
  await ingest.predictions(key, rows)
  await settled(key)
  const windows = async () => {
    const jobs = await world.environment.jobs.list({ kind: 'monitoring.evaluate', limit: 1000 })
    return jobs.reduce((sum, job) => sum + ((job.result as { windows: number } | null)?.windows ?? 0), 0)
  }
  const before = await windows()
  await ingest.actuals(key, [{ id: 'd20', value: 1, receivedAt: 1_700_000_000_000 }])
  await settled(key)
  expect((await windows()) - before).toBe(7)
})
