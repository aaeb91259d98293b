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

it('refuses what is nested without end', () => {
  const nested = (depth: number) => `{"tags":${'['.repeat(depth)}${']'.repeat(depth)}}`
  expect(parseJson(nested(400))).toHaveProperty('tags')
  for (const text of [nested(100_000), `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`])
    expect(() => parseJson(text)).toThrow(expect.objectContaining({ code: 'invalid_input' }))
})
