import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRateLimiter } from './rate-limiter.ts'

test('a caller has its count at once, then what the time brings, and others are not touched', () => {
  let now = 0
  const { take } = createRateLimiter(() => now)
  const rate = { count: 3, per: 1000 }
  expect([1, 2, 3].map(() => take('a', rate))).toEqual([0, 0, 0])
  expect(take('a', rate)).toBe(334)
  expect(take('b', rate)).toBe(0)
  now = 334
  expect(take('a', rate)).toBe(0)
  expect(take('a', rate)).toBeGreaterThan(0)
  now = 60_000
  expect([1, 2, 3, 4].map(() => take('a', rate) > 0)).toEqual([false, false, false, true])
})

test('in no stretch of time does a caller get more than the stretch brings and its count', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(400), { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 1000 }),
      (gaps, count, per) => {
        let now = 0
        const { take } = createRateLimiter(() => now)
        const taken: number[] = []
        for (const gap of gaps) {
          now += gap
          if (take('a', { count, per }) === 0) taken.push(now)
        }
        for (let i = 0; i < taken.length; i++)
          for (let j = i; j < taken.length; j++)
            expect(j - i + 1).toBeLessThanOrEqual(count + ((taken[j]! - taken[i]!) * count) / per + 1e-6)
      },
    ),
  )
})

test('whoever waits as long as it was told may go on', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 5000 }), (count, per) => {
      let now = 0
      const { take } = createRateLimiter(() => now)
      for (let i = 0; i < count; i++) take('a', { count, per })
      const wait = take('a', { count, per })
      now += wait
      expect(take('a', { count, per })).toBe(0)
    }),
  )
})

test('callers without number are forgotten', () => {
  const { take } = createRateLimiter(() => 0)
  for (let i = 0; i < 10_001; i++) take(`caller ${i}`, { count: 1, per: 1000 })
  expect(take('caller 0', { count: 1, per: 1000 })).toBe(0)
  expect(take('caller 10000', { count: 1, per: 1000 })).toBe(1000)
})
