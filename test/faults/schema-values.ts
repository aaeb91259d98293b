import fc, { type Arbitrary } from 'fast-check'

/** As much of a JSON schema as an API's description uses. */
export interface JsonSchema {
  type?: string | string[]
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: JsonSchema | boolean
  items?: JsonSchema | boolean
  enum?: unknown[]
  const?: unknown
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  allOf?: JsonSchema[]
  $ref?: string
  minimum?: number
  maximum?: number
  propertyNames?: JsonSchema
}

/** Values that a schema allows, as far as its types go; every tenth part is something else altogether. */
export function valuesOf(
  schema: JsonSchema | boolean | undefined,
  resolve: (ref: string) => JsonSchema,
  text: Arbitrary<string>,
  depth = 0,
): Arbitrary<unknown> {
  const right = rightValues(schema, resolve, text, depth)
  return fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) })
}

function rightValues(
  schema: JsonSchema | boolean | undefined,
  resolve: (ref: string) => JsonSchema,
  text: Arbitrary<string>,
  depth: number,
): Arbitrary<unknown> {
  if (typeof schema !== 'object' || depth > 6) return fc.jsonValue({ maxDepth: 1 })
  const inner = (of: JsonSchema | boolean | undefined) => valuesOf(of, resolve, text, depth + 1)
  if (schema.$ref) return inner(resolve(schema.$ref))
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return fc.oneof(...choices.map(inner))
  if (schema.allOf)
    return fc
      .tuple(...schema.allOf.map(inner))
      .map((parts) => Object.assign({}, ...parts.filter((part) => typeof part === 'object')))
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  switch (type) {
    case 'object': {
      const { properties = {}, required = [] } = schema
      const own = fc.record(Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, inner(of)])), {
        requiredKeys: required.filter((name) => name in properties),
      })
      if (typeof schema.additionalProperties !== 'object') return own
      const more = fc.dictionary(text, inner(schema.additionalProperties), { maxKeys: 3 })
      return fc.tuple(own, more).map(([a, b]) => ({ ...b, ...a }))
    }
    case 'array':
      return fc.array(inner(schema.items), { maxLength: 4 })
    case 'integer':
      return fc.integer({
        min: Math.max(schema.minimum ?? -(2 ** 31), -(2 ** 31)),
        max: Math.min(schema.maximum ?? 2 ** 31, 2 ** 31),
      })
    case 'number':
      return fc.double({ noNaN: true, noDefaultInfinity: true })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'string':
      return text
    default:
      return fc.jsonValue({ maxDepth: 2 })
  }
}
