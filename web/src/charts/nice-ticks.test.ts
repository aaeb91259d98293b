import fc from 'fast-check'
import { expect, test } from 'vitest'
import { niceTicks } from './nice-ticks.ts'

test.each([
  [0, 1, 5, [0, 0.2, 0.4, 0.6, 0.8, 1]],
  [-37, 62, 4, [0, 50]],
  [3, 3, 5, []],
])('%d to %d in about %d', (low, high, about, ticks) => expect(niceTicks(low, high, about)).toEqual(ticks))

test('ticks lie between, rise, and are about as many as asked for', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
      fc.integer({ min: 2, max: 12 }),
      (low, width, about) => {
        const ticks = niceTicks(low, low + width, about)
        expect(ticks.length).toBeLessThanOrEqual(about + 1)
        for (const [i, tick] of ticks.entries()) {
          expect(tick).toBeGreaterThanOrEqual(low - width * 1e-6)
          expect(tick).toBeLessThanOrEqual(low + width * (1 + 1e-6))
          if (i > 0) expect(tick).toBeGreaterThan(ticks[i - 1]!)
        }
      },
    ),
  )
})
