import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rowsOfRecords } from '../../../test/serving/recorded-rows.ts'
import type { RecordedOrigin } from '../recorded-rows.ts'
import { createRowsEncoder } from './encode-rows.ts'

const text = (more: object = {}) => fc.string({ unit: 'grapheme', maxLength: 300, ...more })
const name = text({ minLength: 1, maxLength: 12 }).filter((given) => given !== '__proto__')
const number = fc.oneof(fc.double({ noDefaultInfinity: true }), fc.constant(Number.NaN))

/** Origin, columns and answers that fit each other. */
const record = fc
  .record({
    project: fc.constantFrom('p"1', 'q'),
    endpoint: fc.constantFrom('e\n', 'f'),
    revision: fc.nat(),
    shadow: fc.boolean(),
    caller: text(),
    features: fc.uniqueArray(fc.tuple(name, fc.constantFrom<0 | 1>(0, 1)), { maxLength: 6, selector: ([one]) => one }),
    rows: fc.integer({ min: 1, max: 30 }),
    receivedAt: fc.nat(),
    microseconds: fc.nat(),
  })
  .chain(({ rows, receivedAt, microseconds, ...origin }) => {
    const many = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: rows, maxLength: rows })
    return fc.record({
      origin: fc.constant(origin as RecordedOrigin),
      columns: fc.tuple(...origin.features.map(([, isNumber]) => many<number | string>(isNumber ? number : text()))),
      answered: fc.record({
        ids: many(text({ minLength: 1 })),
        times: many(fc.nat()),
        scores: many(number).map((scores) => Float64Array.from(scores)),
        labels: many(text()),
        receivedAt: fc.constant(receivedAt),
        microseconds: fc.constant(microseconds),
      }),
    })
  })

test('records give back the rows that were predicted, by endpoint and in order', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 4 }), (records) => {
      const expected = new Map<string, object[]>()
      for (const { origin, columns, answered } of records) {
        const { project, endpoint, features, ...same } = origin
        const rows = answered.ids.map((id, row) => ({
          ...same,
          id,
          time: answered.times[row],
          receivedAt: answered.receivedAt,
          latencyUs: answered.microseconds,
          score: Number.isFinite(answered.scores[row]) ? answered.scores[row] : null,
          label: answered.labels[row],
          features: Object.fromEntries(
            features.map(([key], i) => {
              const value = columns[i]![row]!
              return [key, value === '' || (typeof value === 'number' && !Number.isFinite(value)) ? null : value]
            }),
          ),
        }))
        const key = `${project}/${endpoint}`
        expected.set(key, [...(expected.get(key) ?? []), ...rows])
      }
      const bytes = Buffer.concat(
        records.map(({ origin, columns, answered }) => createRowsEncoder(origin)(answered, columns as never)),
      )
      const decoded = rowsOfRecords(bytes)
      expect(new Map(decoded.map(({ project, endpoint, rows }) => [`${project}/${endpoint}`, rows]))).toEqual(expected)
    }),
  )
})

test('damaged records are refused, whatever the damage', () => {
  fc.assert(
    fc.property(record, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 8 }), (given, place, garbage) => {
      const { origin, columns, answered } = given
      const whole = createRowsEncoder(origin)(answered, columns as never)
      expect(() => rowsOfRecords(whole.subarray(0, 1 + (place % (whole.length - 1))))).toThrow(/^Record 1 at byte 0/)
      const damaged = Buffer.from(whole)
      damaged.set(garbage.subarray(0, damaged.length - (place % damaged.length)), place % damaged.length)
      try {
        rowsOfRecords(damaged)
      } catch (error) {
        expect((error as { code: string }).code).toBe('invalid_input')
      }
    }),
  )
})
