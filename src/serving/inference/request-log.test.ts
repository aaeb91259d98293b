import { beforeEach, expect, test } from 'vitest'
import { KedgeError } from '../../errors.ts'
import type { Predictor } from './predictor.ts'
import { createRequestLog } from './request-log.ts'
import type { ServedEndpoint } from './served-endpoint.ts'

let now: number
beforeEach(() => {
  now = 1000
})
const endpoint = { id: 7, record: 100, personal: {} } as ServedEndpoint
const request = (id: string) => ({ ids: [id], times: [0], rows: [{}], where: () => '' })

/** A log around a predictor that says how long the model took, or fails. */
function watching() {
  let passed = 0
  const log = createRequestLog({ clock: () => now, elapsed: () => passed })
  let next: number | KedgeError = 0
  const predictor = log.watch({
    async rows(_endpoint, asked) {
      if (next instanceof KedgeError) throw next
      asked.spent!.model += next
      passed += next / 1000
      return { scores: new Float64Array(1), labels: [''], revisions: [3] }
    },
  } as Predictor)
  return {
    log,
    async ask(id: string, outcome: number | KedgeError, of = endpoint) {
      next = outcome
      await predictor.rows(of, request(id)).catch((error) => log.failed(of, error))
    },
    told: () => log.changed()[0]?.requests,
  }
}

test('keeps the slowest, slowest first, and forgets them after a quarter of an hour', async () => {
  const { ask, told, log } = watching()
  for (let i = 0; i < 25; i++) await ask(`quick-${i}`, 0)
  await ask('slow', 2000)
  await ask('slower', 4000)
  const { slow } = told()!
  expect(slow).toHaveLength(20)
  expect(slow.slice(0, 2).map(({ id }) => id)).toEqual(['slower', 'slow'])
  expect(slow[0]).toMatchObject({ revision: 3, rows: 1, model: 4, error: null, at: 1000 })
  expect(slow[0]!.total).toBeGreaterThanOrEqual(4)
  expect(told()).toBeUndefined()
  log.tellAgain()
  now += 15 * 60_000
  expect(told()!.slow).toEqual([])
})

test('keeps failures once, the newest first, without the texts that were sent', async () => {
  const { ask, told } = watching()
  await ask('a', new KedgeError('invalid_input', { what: 'The body is not JSON: "Jane "Doe", is 5" at 3' }))
  await ask('b', new KedgeError('prediction_failed', { what: "could not convert 'Jane' to float" }))
  const { failed } = told()!
  expect(failed.map(({ id, error }) => [id, error!.code])).toEqual([
    ['b', 'prediction_failed'],
    ['a', 'invalid_input'],
  ])
  expect(JSON.stringify(failed)).not.toMatch(/Jane|Doe/)
})

test('names no caller where nothing is recorded, and leaves out trials', async () => {
  const { ask, told } = watching()
  await ask('a', 0, { ...endpoint, trial: true })
  await ask('b', new KedgeError('invalid_input', { what: 'x' }), { ...endpoint, trial: true })
  expect(told()).toBeUndefined()
  await ask('c', 0, { ...endpoint, record: 0 })
  expect(told()!.slow.map(({ id }) => id)).toEqual([null])
})
