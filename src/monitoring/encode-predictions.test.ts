import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRowsEncoder } from '../serving/inference/encode-rows.ts'
import { readRecords } from '../serving/recorded-rows.ts'
import { encodePredictions, encodeRecords, type RecordedPrediction } from './encode-predictions.ts'

const key = { project: 'flights', endpoint: 'delay' }
const text = fc.string({ unit: 'grapheme', maxLength: 80 })

test('columns of an inference process and rows of a caller become the same bytes', () => {
  const row = fc.record({
    id: text,
    time: fc.nat(4_000_000_000_000),
    score: fc.oneof(fc.double(), fc.constant(null)),
    label: text,
    distance: fc.oneof(fc.double(), fc.constant(Number.NaN)),
    origin: text,
  })
  const many = fc.array(row, { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(many, fc.nat(), fc.boolean(), text, (rows, revision, shadow, caller) => {
      const same = { revision, shadow, caller, receivedAt: 1_700_000_000_123, latencyUs: 850 }
      const answered = {
        ids: rows.map(({ id }) => id),
        times: rows.map(({ time }) => time),
        scores: Float64Array.from(rows, ({ score }) => score ?? Number.NaN),
        labels: rows.map(({ label }) => label),
        receivedAt: same.receivedAt,
        microseconds: same.latencyUs,
      }
      const record = createRowsEncoder({
        ...key,
        revision,
        shadow,
        caller,
        features: [
          ['distance', 1],
          ['origin', 0],
        ],
      })(answered, [Float64Array.from(rows, ({ distance }) => distance), rows.map(({ origin }) => origin)])
      const predictions = rows.map(
        ({ distance, origin, ...row }): RecordedPrediction => ({ ...same, ...row, features: { distance, origin } }),
      )
      expect(encodeRecords(readRecords(record))).toEqual(encodePredictions(key, predictions))
    }),
  )
})

test('times that are no milliseconds of these centuries and names of our own are refused, each with its place', () => {
  const good: RecordedPrediction = {
    ...{ id: 'a', time: 981_936_000_000, receivedAt: 0, revision: 1, shadow: false, caller: '', latencyUs: 1 },
    ...{ features: {}, score: 1, label: '' },
  }
  const wrong = [good, { ...good, time: -1 }, { ...good, time: 4_102_444_800_000, features: { $score: 1 } }]
  expect(() => encodePredictions(key, wrong)).toThrow(
    expect.objectContaining({
      code: 'invalid_input',
      places: [
        { where: 'items.1.time', what: expect.stringContaining('milliseconds') },
        { where: 'items.2.time', what: expect.stringContaining('milliseconds') },
        { where: 'items.2.features.$score', what: expect.stringContaining('$') },
      ],
    }),
  )
})
