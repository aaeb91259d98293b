import { expect, it } from 'vitest'
import { parseJson } from './parse-json.ts'

it('reads what Python writes', () => {
  expect(parseJson('{"a": NaN, "b": [Infinity, -Infinity], "c": "NaN and \\" Infinity"}')).toEqual({
    a: 'NaN',
    b: ['Infinity', '-Infinity'],
    c: 'NaN and " Infinity',
  })
  expect(parseJson('')).toEqual({})
})

it.each(['{', '{"a": NaN', 'NaNa', '{"a": tru}'])('refuses %j', (text) => {
  expect(() => parseJson(text)).toThrow(expect.objectContaining({ code: 'invalid_input' }))
})
