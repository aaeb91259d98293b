import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countPoints, packPoints, unpackPoints } from './packed-points.ts'
import { emptyPoints, rowsToPoints, sortPoints } from './point-columns.ts'

const whole = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.maxSafeInteger(), fc.integer())
const value = fc.oneof(
  fc.double({ noNaN: true, max: Infinity, min: -Number.MAX_VALUE }),
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 1),
)
const rows = fc.array(fc.record({ step: whole, time: whole, value }), { minLength: 1, maxLength: 200 })

const roundTrip = (points: ReturnType<typeof rowsToPoints>) => {
  const packed = packPoints(points)
  const read = emptyPoints(points.steps.length + 3)
  expect(countPoints(packed)).toBe(points.steps.length)
  expect(unpackPoints(packed, read, 3)).toBe(points.steps.length)
  expect(read.steps.subarray(3)).toEqual(points.steps)
  expect(read.times.subarray(3)).toEqual(points.times)
  expect([...read.values.subarray(3)].every((one, i) => Object.is(one, points.values[i]))).toBe(true)
  return packed
}

describe('packPoints', () => {
  it('gives back every point exactly, whatever its numbers', () => {
    fc.assert(
      fc.property(rows, (list) => void roundTrip(rowsToPoints(list))),
      { numRuns: 500 },
    )
    fc.assert(
      fc.property(rows, (list) => void roundTrip(sortPoints(rowsToPoints(list)))),
      { numRuns: 500 },
    )
  })

  it('takes a value a point and little more for steps and times that are even', () => {
    const even = Array.from({ length: 1000 }, (_, i) => ({
      step: i * 10,
      time: 1_700_000_000_000 + i * 250,
      value: Math.sin(i),
    }))
    expect(roundTrip(rowsToPoints(even)).length).toBeLessThan(8 * 1000 + 40)
    const uneven = even.map((row, i) => ({ ...row, time: row.time + ((i * 7919) % 40) }))
    expect(roundTrip(rowsToPoints(uneven)).length).toBeLessThan(10.2 * 1000)
    const floats = even.map((row) => ({ ...row, value: Math.fround(row.value) }))
    expect(roundTrip(rowsToPoints(floats)).length).toBeLessThan(4 * 1000 + 40)
  })
})

describe('sortPoints', () => {
  it('orders by step, time and value and keeps each point once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ step: fc.nat(3), time: fc.nat(3), value: fc.nat(3) }), { maxLength: 60 }),
        (list) => {
          const expected = [...new Map(list.map((row) => [JSON.stringify(row), row])).values()].sort(
            (a, b) => a.step - b.step || a.time - b.time || a.value - b.value,
          )
          const sorted = sortPoints(rowsToPoints(list))
          expect(
            [...sorted.steps].map((step, i) => ({ step, time: sorted.times[i], value: sorted.values[i] })),
          ).toEqual(expected)
        },
      ),
    )
  })
})
