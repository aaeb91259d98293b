import { expect, test } from 'vitest'
import { createIdMask } from './mask-ids.ts'

const pseudonym = (value: string) => `hash:${value.length}`

test('an id is masked where it is a personal value of its request, whichever the row and whatever number follows', () => {
  const mask = createIdMask(['mail', 'age', 'size'], { mail: 'hash', age: 'drop' }, pseudonym)!
  const columns = [
    ['ann@x', 'ben@x'],
    [37, 41],
    [5, 6],
  ]
  expect(mask(['ann@x', 'ben@x'], columns)).toEqual(['hash:5', 'hash:5'])
  expect(mask(['ben@x', 'order-7'], columns)).toEqual(['hash:5', 'order-7'])
  expect(mask(['ann@x/0', 'ann@x/1'], columns)).toEqual(['hash:5/0', 'hash:5/1'])
  expect(mask(['37', '5'], columns)).toEqual(['hash:2', '5'])
})

test('where ids themselves are personal every one is masked, elsewhere none', () => {
  expect(createIdMask(['size'], { $id: 'hash' }, pseudonym)!(['a', 'bc'], [[1, 2]])).toEqual(['hash:1', 'hash:2'])
  expect(createIdMask(['size'], { mail: 'hash' }, pseudonym)).toBeUndefined()
})
