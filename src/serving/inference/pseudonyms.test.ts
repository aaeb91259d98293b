import { expect, test } from 'vitest'
import { pseudonymKey, sealPseudonymKey } from '../pseudonym-key.ts'
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

test('a key that control tells goes before the shared secret, is the same for every teller, and is bound to its project', () => {
  const kept = createPseudonyms('kept for ever')
  const sealed = (shared: string) => sealPseudonymKey(shared, 'one', pseudonymKey('kept for ever', 'one'))
  expect(sealed('first')).toBe(sealed('first'))
  for (const shared of ['first', 'rotated'])
    expect(createPseudonyms(shared)('one', sealed(shared))('a@b.c')).toBe(kept('one')('a@b.c'))
  expect(() => createPseudonyms('rotated')('one', sealed('first'))).toThrow(/another internal secret/)
  expect(() => createPseudonyms('first')('two', sealed('first'))).toThrow(/another internal secret/)
})
