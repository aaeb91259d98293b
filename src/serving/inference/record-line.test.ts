import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ModelDescription } from '../../contracts/model-runtime.ts'
import { exchangeHead, exchangeLine, rowsOfExchange } from '../recorded-exchange.ts'
import { createLineEncoder } from './record-line.ts'

const name = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => text !== '__proto__')
const feature = fc.record({ name, type: fc.constantFrom('number' as const, 'category' as const) })
const description = fc
  .uniqueArray(feature, { minLength: 1, maxLength: 6, selector: (one) => one.name })
  .map((features): ModelDescription => ({ task: 'binary', features }))
const origin = { project: 'p"1', endpoint: 'e\n', revision: 3, shadow: false, caller: '' }

test('a line, and a recorded exchange, give back the row that was predicted', () => {
  const rowOf = (given: ModelDescription) =>
    fc.record({
      id: fc.string({ minLength: 1 }),
      time: fc.nat(),
      score: fc.double({ min: 0, max: 1, noNaN: true }),
      values: fc.tuple(
        ...given.features.map((one) =>
          one.type === 'number' ? fc.double({ noNaN: true, noDefaultInfinity: true }) : fc.string({ minLength: 1 }),
        ),
      ),
    })
  fc.assert(
    fc.property(
      description.chain((given) => fc.tuple(fc.constant(given), rowOf(given))),
      ([given, { id, time, score, values }]) => {
        const features = Object.fromEntries(given.features.map((one, i) => [one.name, values[i]!]))
        const line = createLineEncoder(origin, given)(
          { id, time, receivedAt: 5, latencyUs: 7, score, label: '1' },
          values.map((value) => [value]) as never,
          0,
        )
        expect(line.endsWith('\n') && !line.slice(0, -1).includes('\n')).toBe(true)
        const expected = {
          id,
          time,
          receivedAt: 5,
          revision: 3,
          shadow: false,
          caller: '',
          latencyUs: 7,
          score,
          label: '1',
          features,
        }
        const same = JSON.parse(JSON.stringify({ ...expected, project: origin.project, endpoint: origin.endpoint }))
        expect(JSON.parse(line)).toEqual(same)

        const signatures = {
          3: given.features.map((one) => [one.name, one.type === 'number' ? 1 : 0] as [string, 0 | 1]),
        }
        const head = exchangeHead({ project: origin.project, endpoint: origin.endpoint, signatures })
        const request = JSON.stringify({ instances: [{ id, time, features: { ...features, 'one more': {} } }] })
        const answer = JSON.stringify({ predictions: [{ id, score, label: '1', revision: 3 }] })
        const whole = exchangeLine(head, 5, 7, request, answer)
        expect(JSON.parse(JSON.stringify(rowsOfExchange(JSON.parse(whole))[0]))).toEqual(
          JSON.parse(JSON.stringify(expected)),
        )
      },
    ),
  )
})

test('missing values are null in the record', () => {
  const encode = createLineEncoder(origin, {
    task: 'binary',
    features: [
      { name: 'a', type: 'number' },
      { name: 'b', type: 'category' },
    ],
  })
  const line = encode(
    { id: 'x', time: 1, receivedAt: 2, latencyUs: 3, score: Number.NaN, label: '' },
    [[Number.NaN], ['']],
    0,
  )
  expect(JSON.parse(line)).toMatchObject({ score: null, features: { a: null, b: null } })
})
