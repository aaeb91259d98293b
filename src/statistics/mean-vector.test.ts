import { expect, test } from 'vitest'
import { meanCosineDistance, meanDistance, vectorVariance } from './mean-vector.ts'

const sumOf = (vectors: readonly (readonly number[])[]) => [
  vectors.length,
  vectors.flat().reduce((sum, x) => sum + x * x, 0),
  ...vectors[0]!.map((_, i) => vectors.reduce((sum, vector) => sum + vector[i]!, 0)),
]

test('distances of means by hand', () => {
  const reference = sumOf([
    [1, 0],
    [3, 0],
  ])
  const current = sumOf([
    [2, 2],
    [2, 4],
  ])
  expect(vectorVariance(reference)).toBe(1)
  // means (2, 0) and (2, 3); the reference's vectors are 1 from their mean
  expect(meanDistance(reference, current)).toEqual({ ok: true, value: 3 })
  const cosine = meanCosineDistance(reference, current)
  expect(cosine.ok && cosine.value).toBeCloseTo(1 - 2 / Math.sqrt(13), 12)
})

test('sums of parts are those of the whole', () => {
  const parts = [
    [[1, 2, 3]],
    [
      [0, -1, 5],
      [2, 2, 2],
    ],
  ].map(sumOf)
  const whole = sumOf([
    [1, 2, 3],
    [0, -1, 5],
    [2, 2, 2],
  ])
  expect(parts[0]!.map((x, i) => x + parts[1]![i]!)).toEqual(whole)
})

test('vectors of different lengths, none, or one that never varies are not compared', () => {
  expect(meanDistance([1, 1, 1], [1, 1, 1, 0]).ok).toBe(false)
  expect(meanDistance([0, 0, 0], [1, 1, 1]).ok).toBe(false)
  expect(meanDistance([2, 8, 4], [2, 2, 2]).ok).toBe(false)
  expect(meanCosineDistance([2, 2, 0, 0], [1, 1, 1, 0]).ok).toBe(false)
})
