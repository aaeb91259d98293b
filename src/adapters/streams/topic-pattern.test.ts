import { expect, it } from 'vitest'
import { topicPattern } from './topic-pattern.ts'

it('takes columns from a topic, and subscribes with wildcards', () => {
  const pattern = topicPattern('devices/{site}/+/{device}/#')
  expect(pattern).toMatchObject({ filter: 'devices/+/+/+/#', names: ['site', 'device'] })
  expect(pattern.match('devices/a/x/b/c/d')).toEqual(['a', 'b'])
  expect(pattern.match('devices/a/x/b')).toEqual(['a', 'b'])
  expect(pattern.match('devices/a/x')).toBeUndefined()
  expect(pattern.match('other/a/x/b')).toBeUndefined()
  for (const wrong of ['a/#/b', 'a/{b', 'a/b+', 'a/{x}/{x}', 'a/{1}']) expect(() => topicPattern(wrong)).toThrow()
})
