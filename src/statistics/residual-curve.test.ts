import fc from 'fast-check'
import { expect, test } from 'vitest'
import { residualCurve } from './residual-curve.ts'

const row = fc.record({
  predicted: fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
  actual: fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
})

test('every row is in one part and in one bin, parts rise, and intervals hold their mean', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 30, maxLength: 300 }), (rows) => {
      const found = residualCurve(rows, 40)!
      expect(found.n).toBe(rows.length)
      expect(found.points).toEqual(rows.slice(0, 40))
      expect(found.parts.reduce((sum, { n }) => sum + n, 0)).toBe(rows.length)
      expect(found.histogram.counts.reduce((sum, n) => sum + n, 0)).toBe(rows.length)
      expect(found.histogram.edges).toHaveLength(found.histogram.counts.length + 1)
      for (const [i, part] of found.parts.entries()) {
        expect(part.from).toBeGreaterThanOrEqual(found.parts[i - 1]?.to ?? -Infinity)
        expect(part.low).toBeLessThanOrEqual(part.actual)
        expect(part.high).toBeGreaterThanOrEqual(part.actual)
        expect(part.residual.p05).toBeLessThanOrEqual(part.residual.p95)
      }
    }),
  )
})

test('nothing is said of fewer than 30 rows, nor of rows that are no numbers', () => {
  const rows = Array.from({ length: 40 }, (_, i) => ({ predicted: i, actual: i + 1 }))
  expect(residualCurve(rows.slice(0, 29))).toBeNull()
  expect(residualCurve([...rows.slice(0, 29), { predicted: Number.NaN, actual: 1 }])).toBeNull()
  const found = residualCurve(rows)!
  expect(found.parts).toHaveLength(8)
  expect(found.parts[0]!.residual).toEqual({ p05: -1, p50: -1, p95: -1 })
  expect(found.histogram.counts).toEqual([40])
})
