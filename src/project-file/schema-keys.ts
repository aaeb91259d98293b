import type { z } from 'zod'

interface Definition {
  type: string
  shape?: Record<string, z.ZodType>
  innerType?: z.ZodType
  in?: z.ZodType
  valueType?: z.ZodType
  element?: z.ZodType
  options?: z.ZodType[]
  getter?: () => z.ZodType
}

const definitionOf = (schema: z.ZodType) => schema._zod.def as unknown as Definition

/** The keys that a schema knows for the object at `path` of its document; none when it is no object of fixed keys. */
export function schemaKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  const { type, shape, innerType, in: input, valueType, element, options, getter } = definitionOf(schema)
  if (innerType) return schemaKeys(innerType, path)
  if (type === 'pipe' && input) return schemaKeys(input, path)
  if (type === 'lazy' && getter) return schemaKeys(getter(), path)
  if (options) return [...new Set(options.flatMap((option) => schemaKeys(option, path)))]
  const [first, ...rest] = path
  if (shape) {
    if (first === undefined) return Object.keys(shape)
    const inner = shape[String(first)]
    return inner ? schemaKeys(inner, rest) : []
  }
  if (first === undefined) return []
  if (valueType) return schemaKeys(valueType, rest)
  if (element) return schemaKeys(element, rest)
  return []
}
