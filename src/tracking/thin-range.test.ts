import fc from 'fast-check'
import { expect, it } from 'vitest'
import { thinRange } from './thin-range.ts'

const thinPoints = <Point extends { value: number }>(points: readonly Point[], most: number) =>
  thinRange((i) => points[i]!.value, 0, points.length, most).map((i) => points[i]!)

it('keeps the first, the last, the extremes and the order, within the count', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 2000 }),
      fc.integer({ min: 4, max: 300 }),
      (values, most) => {
        const points = values.map((value, step) => ({ value, step }))
        const thinned = thinPoints(points, most)
        expect(thinned.length).toBeLessThanOrEqual(Math.max(most, 4))
        expect(thinned[0]).toBe(points[0])
        expect(thinned.at(-1)).toBe(points.at(-1))
        expect(Math.max(...thinned.map((point) => point.value))).toBe(Math.max(...values))
        expect(Math.min(...thinned.map((point) => point.value))).toBe(Math.min(...values))
        expect(thinned.map((point) => point.step)).toEqual(
          [...new Set(thinned.map((point) => point.step))].sort((a, b) => a - b),
        )
      },
    ),
  )
})

it('keeps gaps, and values beside them', () => {
  const points = Array.from({ length: 100 }, (_, step) => ({ step, value: step === 50 ? Number.NaN : step }))
  const thinned = thinPoints(points, 20)
  expect(thinned.some((point) => Number.isNaN(point.value))).toBe(true)
  expect(thinned.at(-1)!.value).toBe(99)
})
