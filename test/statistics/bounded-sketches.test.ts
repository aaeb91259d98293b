import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  addDistinct,
  distinctEstimate,
  mergeDistinctCounts,
  newDistinctCount,
} from '../../src/statistics/distinct-count.ts'
import { addHit, mergeHeavyHitters, newHeavyHitters, topHits } from '../../src/statistics/heavy-hitters.ts'
import { seededRandom } from '../../src/statistics/seeded-random.ts'

const hittersOf = (values: readonly string[], capacity: number) => {
  const hitters = newHeavyHitters(capacity)
  for (const value of values) addHit(hitters, value)
  return hitters
}

const distinctOf = (values: Iterable<string>) => {
  const count = newDistinctCount()
  for (const value of values) addDistinct(count, value)
  return count
}

test('heavy hitters keep their bounds, in parts and whole, in bounded memory', () => {
  const values = fc.array(
    fc.integer({ min: 0, max: 40 }).map((x) => `v${Math.floor((x * x) / 40)}`),
    { maxLength: 200 },
  )
  fc.assert(
    fc.property(values, values, fc.integer({ min: 1, max: 8 }), (a, b, capacity) => {
      const truth = new Map<string, number>()
      for (const value of [...a, ...b]) truth.set(value, (truth.get(value) ?? 0) + 1)
      for (const hitters of [
        hittersOf([...a, ...b], capacity),
        mergeHeavyHitters(hittersOf(a, capacity), hittersOf(b, capacity)),
      ]) {
        expect(hitters.rows).toBe(a.length + b.length)
        expect(hitters.counts.size).toBeLessThanOrEqual(2 * capacity)
        expect(hitters.missed).toBeLessThanOrEqual(hitters.rows / (capacity + 1))
        for (const [value, n] of truth) {
          const low = hitters.counts.get(value) ?? 0
          expect(low).toBeLessThanOrEqual(n)
          expect(low + hitters.missed).toBeGreaterThanOrEqual(n)
        }
      }
    }),
  )
  expect(topHits(hittersOf(['b', 'a', 'b', 'c'], 4), 2)).toEqual([
    { value: 'b', low: 2, high: 2 },
    { value: 'a', low: 1, high: 1 },
  ])
  const many = newHeavyHitters(100)
  for (let i = 0; i < 100_000; i++) {
    addHit(many, `x${i}`)
    if (i % 20 === 0) addHit(many, 'often')
  }
  expect(topHits(many, 1)[0]).toMatchObject({ value: 'often' })
  expect(many.counts.size).toBeLessThanOrEqual(200)
})

test('distinct counts: parts are the whole, twice counts once, the error is as stated', () => {
  const values = fc.array(fc.string())
  fc.assert(
    fc.property(values, values, (a, b) => {
      expect(mergeDistinctCounts(distinctOf(a), distinctOf(b))).toEqual(distinctOf([...a, ...b]))
      expect(distinctOf([...a, ...a])).toEqual(distinctOf(a))
    }),
    { numRuns: 30 },
  )
  expect(distinctEstimate(newDistinctCount()).value).toBe(0)
  expect(distinctEstimate(distinctOf(['x'])).value).toBeCloseTo(1, 2)
  const random = seededRandom(3)
  for (const size of [10, 300, 5000, 40_000]) {
    let squares = 0
    const rounds = size > 10_000 ? 20 : 60
    for (let round = 0; round < rounds; round++) {
      const prefix = Math.floor(random() * 1e9)
      // names as they come: numbered, so nearly alike
      const names = Array.from({ length: size }, (_, i) => (round % 2 === 0 ? `${prefix}-${i}` : String(prefix + i)))
      squares += (distinctEstimate(distinctOf(names)).value / size - 1) ** 2
    }
    // the mean of 20 squares is within 1.8 times of its expectation but once in 300 times
    expect(Math.sqrt(squares / rounds), `of ${size}`).toBeLessThan(0.01625 * 1.35)
  }
})
