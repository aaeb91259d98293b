import { expect, test } from 'vitest'
import { badShares } from './bad-shares.ts'
import { sketchOf } from './sketch.ts'
import { type FeatureProfile, mergeProfiles, momentsOfProfile, noProfile, typeOf } from './slice.ts'

/** As a profile is kept: every number, and of the texts the most frequent. */
const texts = (count: number, kept: number): FeatureProfile => ({
  ...noProfile,
  count,
  categories: new Map(Array.from({ length: kept }, (_, i) => [`t${i}`, 1])),
})
const numbers = (values: number[]): FeatureProfile => ({
  ...noProfile,
  count: values.length,
  sum: values.reduce((a, b) => a + b, 0),
  sumSquares: values.reduce((a, b) => a + b * b, 0),
  sketch: sketchOf(values),
})

test('texts of which a profile keeps few are texts all the same', () => {
  expect(typeOf(texts(5000, 1000))).toBe('categorical')
  expect(typeOf(mergeProfiles(texts(5000, 1000), numbers(Array(4999).fill(3))))).toBe('categorical')
  expect(typeOf(mergeProfiles(texts(5000, 1000), numbers(Array(5001).fill(3))))).toBe('numeric')
  expect(typeOf(numbers([]))).toBe('numeric')
  expect(momentsOfProfile(mergeProfiles(texts(5000, 1000), numbers([1, 2, 3])))).toEqual({ mean: 2, deviation: 1 })
})

test('no text counts as a number where texts were expected', () => {
  const wrongType = badShares.find(({ name }) => name === 'type')!
  const whole = texts(5000, 1000)
  expect(wrongType.bad(5000, texts(5000, 1000), whole, typeOf(whole))).toBe(0)
  expect(wrongType.bad(5003, mergeProfiles(texts(5000, 1000), numbers([1, 2, 3])), whole, typeOf(whole))).toBe(3)
})
