import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { splitTraffic } from './traffic-split.ts'

describe('the traffic split', () => {
  test('meets the declared shares', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), fc.nat(), fc.string({ maxLength: 8 }), (share, seed, prefix) => {
        const split = splitTraffic(
          [
            { number: 1, traffic: 10_000 - share },
            { number: 2, traffic: share },
          ],
          seed,
        )
        const n = 4000
        let second = 0
        for (let i = 0; i < n; i++) if (split(`${prefix}${i}`)?.number === 2) second++
        const p = share / 10_000
        expect(Math.abs(second / n - p)).toBeLessThanOrEqual(5 * Math.sqrt((p * (1 - p)) / n) + 0.001)
      }),
    )
  })

  test('chooses the same revision for the same id, and a growing share keeps whom it had', () => {
    fc.assert(
      fc.property(
        fc.uuid(),
        fc.integer({ min: 1, max: 9_999 }),
        fc.integer({ min: 0, max: 5_000 }),
        (id, share, more) => {
          const at = (traffic: number) =>
            splitTraffic([
              { number: 3, traffic: 10_000 - traffic },
              { number: 7, traffic },
            ])(id)?.number
          expect(at(share)).toBe(at(share))
          if (at(share) === 7) expect(at(Math.min(10_000, share + more))).toBe(7)
        },
      ),
    )
  })

  test('a revision without traffic is never chosen, and nothing is chosen of nothing', () => {
    expect(
      splitTraffic([
        { number: 1, traffic: 0 },
        { number: 2, traffic: 10_000 },
      ])('x')?.number,
    ).toBe(2)
    expect(splitTraffic([{ number: 1, traffic: 0 }])('x')).toBeUndefined()
    expect(splitTraffic([])('x')).toBeUndefined()
  })
})
