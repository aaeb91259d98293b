import { expect, it } from 'vitest'
import { keyPattern } from './key-pattern.ts'

it('takes columns from a key, and looks for keys with a pattern of Redis', () => {
  const pattern = keyPattern('shop[1]:{shop}:user:{id}')
  expect(pattern).toMatchObject({ glob: 'shop\\[1\\]:*:user:*', names: ['shop', 'id'] })
  expect(pattern.match('shop[1]:a:user:b:c')).toEqual(['a', 'b:c'])
  expect(pattern.match('shop1:a:user:b')).toBeUndefined()
  expect(keyPattern('a*').match('a\nb')).toEqual([])
  for (const wrong of ['a{', '{a}{a}', '{1}', 'a}']) expect(() => keyPattern(wrong)).toThrow()
})
