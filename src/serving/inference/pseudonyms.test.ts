import { expect, test } from 'vitest'
import { createPseudonyms } from './pseudonyms.ts'

test('equal values of a project are equal, those of other projects and other keys are others', () => {
  const pseudonyms = createPseudonyms('secret')
  const one = pseudonyms('one')
  expect(one('a@b.c')).toBe(createPseudonyms('secret')('one')('a@b.c'))
  expect(one(7)).toBe(one('7'))
  const all = [one('a@b.c'), one('a@b.d'), pseudonyms('two')('a@b.c'), createPseudonyms('other')('one')('a@b.c')]
  expect(new Set(all).size).toBe(4)
})

test('what it forgot it makes again', () => {
  const of = createPseudonyms('secret')('one')
  const first = of('first')
  for (let i = 0; i < 20_001; i++) of(i)
  expect(of('first')).toBe(first)
})
