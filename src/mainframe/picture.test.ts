import { expect, test } from 'vitest'
import { readPicture } from './picture.ts'

test.each([
  ['X(10)', 'text', 10, 0, 0],
  ['A9X', 'text', 3, 0, 0],
  ['9(5)V99', 'number', 7, 7, 2],
  ['S9(4)', 'number', 4, 4, 0],
  ['SV9(3)', 'number', 3, 3, 3],
  ['9PPP', 'number', 1, 1, -3],
  ['PP99', 'number', 2, 2, 4],
  ['SVP(3)9', 'number', 1, 1, 4],
  ['99P(2)V', 'number', 2, 2, -2],
  ['N(4)', 'double', 8, 0, 0],
  ['G(4)', 'double', 8, 0, 0],
  ['Z,ZZ9.99-', 'edited number', 9, 6, 2],
  ['$$$,$$9.99CR', 'edited number', 12, 3, 2],
  ['-(8)9.9(7)', 'edited number', 17, 8, 7],
  ['ZZ9V99', 'edited number', 5, 5, 2],
  ['99/99/9999', 'edited text', 10, 0, 0],
  ['XXBXX', 'edited text', 5, 0, 0],
  ['+9(3)', 'edited number', 4, 3, 0],
])('PICTURE %s', (text, kind, size, digits, scale) => {
  expect(readPicture(text)).toMatchObject({ kind, size, digits, scale })
})

test('a decimal comma', () => {
  expect(readPicture('Z.ZZ9,99', true)).toMatchObject({ kind: 'edited number', scale: 2 })
})

test.each(['', 'Q9', '9(', 'X(0)', '9)(', 'PP9PP', '(3)', 'S', 'V'])('%j is none', (text) => {
  expect(readPicture(text)).toBeUndefined()
})
