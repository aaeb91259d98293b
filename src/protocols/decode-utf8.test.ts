import { isUtf8 } from 'node:buffer'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { KedgeError } from '../errors.ts'
import { decodeUtf8 } from './decode-utf8.ts'

const wrong = (bytes: Buffer) => {
  try {
    decodeUtf8(bytes)
  } catch (error) {
    if (error instanceof KedgeError) return Number(/the byte (\d+)/.exec(error.message)?.[1])
    throw error
  }
  return undefined
}

test('text comes back as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(decodeUtf8(Buffer.from(text))).toBe(text)
    }),
  )
})

test('names the first byte that is wrong: what stands before it is a text, and no text goes on from there', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.uint8Array({ maxLength: 8 }), (text, rest) => {
      const bytes = Buffer.concat([Buffer.from(text), rest])
      fc.pre(!isUtf8(bytes))
      const at = wrong(bytes)!
      expect(isUtf8(bytes.subarray(0, at))).toBe(true)
      for (let length = 1; length <= 4; length++)
        if (at + length <= bytes.length) expect(isUtf8(bytes.subarray(at, at + length))).toBe(false)
    }),
    { numRuns: 2000 },
  )
})

test.each([
  ['{"a":"\xff"}', 6],
  ['\xed\xa0\x80', 0],
  ['ab\xc0\x80', 2],
  ['\xf4\x90\x80\x80', 0],
  ['abc\xe2\x82', 3],
])('%j is wrong at %d', (latin, at) => {
  expect(wrong(Buffer.from(latin, 'latin1'))).toBe(at)
})
