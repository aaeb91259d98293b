import { expect, test } from 'vitest'
import { beginning, formOf, type JsonSchema, variantOf } from './json-schema.ts'

const root: JsonSchema = {
  $defs: {
    SecretReference: { type: 'object', properties: { secret: { type: 'string' } } },
    Tls: { type: 'object', properties: { ca: { type: 'string' } }, description: 'of the broker' },
  },
}

test('a reference to a secret is asked for as a secret, another one as what it stands for', () => {
  expect(formOf({ $ref: '#/$defs/SecretReference' }, root)).toEqual({ is: 'secret' })
  expect(formOf({ $ref: '#/$defs/Tls' }, root)).toMatchObject({ is: 'group' })
})

test('what no form fits is asked for as YAML', () => {
  expect(formOf({ type: 'array', items: { type: 'array' } }, root)).toEqual({ is: 'yaml' })
  expect(formOf({}, root)).toEqual({ is: 'yaml' })
})

test('scalars of several types are one field, lists and maps of them too', () => {
  expect(formOf({ type: ['number', 'string'] }, root)).toEqual({ is: 'scalar' })
  expect(formOf({ anyOf: [{ type: 'number' }, { type: 'string' }] }, root)).toEqual({ is: 'scalar' })
  expect(formOf({ type: 'array', items: { type: ['number', 'string'] } }, root)).toEqual({ is: 'list', of: 'scalar' })
  expect(formOf({ type: 'object', additionalProperties: { type: 'string' } }, root)).toMatchObject({ is: 'map' })
  expect(formOf({ anyOf: [{ const: 0 }, { const: 1 }] }, root)).toEqual({ is: 'choice', values: [0, 1] })
})

test('a value tells which variant it is of', () => {
  const variants: JsonSchema[] = [
    { const: 'all' },
    { type: 'array', items: { type: 'string' } },
    { type: 'object', properties: { by: {}, keep: {} } },
  ]
  expect(variantOf(variants, 'all')).toBe(0)
  expect(variantOf(variants, ['a'])).toBe(1)
  expect(variantOf(variants, { by: ['a'] })).toBe(2)
  expect(variantOf(variants, undefined)).toBe(0)
})

test('a new value has what must be there', () => {
  const schema: JsonSchema = {
    type: 'object',
    properties: {
      kind: { const: 'csv' },
      path: { type: 'string' },
      columns: { type: 'array', items: { type: 'string' } },
    },
    required: ['kind', 'columns'],
  }
  expect(beginning(schema, root)).toEqual({ kind: 'csv', columns: [] })
})
