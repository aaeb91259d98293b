import { describe, expect, it } from 'vitest'
import { isDocument, parseExactly, sortedKeys, typeName } from './exact-json.ts'

describe('JSON with numbers as they were written', () => {
  it('gives back what it got', () => {
    const text = '{"a":1.0,"b":12345678901234567890,"c":[1e5,-0.5,7],"d":null,"e":"1.0"}'
    expect(JSON.stringify(parseExactly(text, 'x'))).toBe(text)
  })

  it('tells types apart as Python does', () => {
    const document = parseExactly(
      '{"a":1.0,"b":12345678901234567890,"c":[],"d":null,"e":"","f":{},"g":1.5,"h":true,"i":3}',
      'x',
    )
    expect(isDocument(document) && Object.values(document).map(typeName)).toEqual([
      'float',
      'integer',
      'array',
      'null',
      'string',
      'object',
      'float',
      'boolean',
      'integer',
    ])
  })

  it('orders keys at every depth', () => {
    expect(JSON.stringify(sortedKeys(parseExactly('{"b":{"d":1,"c":2.0},"a":[{"z":1,"y":2}]}', 'x')))).toBe(
      '{"a":[{"y":2,"z":1}],"b":{"c":2.0,"d":1}}',
    )
  })

  it('says what is not JSON', () => {
    expect(() => parseExactly('{', 'records')).toThrow(/records must be valid JSON/)
  })
})
