/** As much of JSON Schema as the kinds of sources, steps and expectations use. */
export interface JsonSchema {
  type?: string | string[]
  title?: string
  description?: string
  default?: unknown
  const?: unknown
  enum?: unknown[]
  items?: JsonSchema
  properties?: Record<string, JsonSchema>
  additionalProperties?: JsonSchema | boolean
  required?: string[]
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  $ref?: string
  $defs?: Record<string, JsonSchema>
  minimum?: number
  maximum?: number
  pattern?: string
}

/** How a value is asked for. */
export type FieldForm =
  | { is: 'secret' }
  | { is: 'fixed'; value: unknown }
  | { is: 'choice'; values: unknown[] }
  | { is: 'switch' }
  | { is: 'number'; whole: boolean }
  | { is: 'text' }
  | { is: 'scalar' }
  | { is: 'list'; of: 'text' | 'scalar' }
  | { is: 'map'; value: JsonSchema }
  | { is: 'group'; schema: JsonSchema }
  | { is: 'variants'; variants: JsonSchema[] }
  | { is: 'yaml' }

const secretName = '#/$defs/SecretReference'

/** What a reference stands for; descriptions beside it win. */
export function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const name = schema.$ref && /^#\/\$defs\/(.+)$/.exec(schema.$ref)?.[1]
  const target = name ? root.$defs?.[name] : undefined
  if (!target) return schema
  const { $ref: _, ...beside } = schema
  return { ...resolved(target, root), ...beside }
}

/** The form that fits a schema; what none fits is asked for as YAML. */
export function formOf(given: JsonSchema, root: JsonSchema): FieldForm {
  if (given.$ref === secretName) return { is: 'secret' }
  const schema = resolved(given, root)
  if (schema.const !== undefined) return { is: 'fixed', value: schema.const }
  if (schema.enum)
    return schema.enum.length === 1 ? { is: 'fixed', value: schema.enum[0] } : { is: 'choice', values: schema.enum }
  const variants = (schema.anyOf ?? schema.oneOf)
    ?.map((one) => resolved(one, root))
    .filter(({ type }) => type !== 'null')
  if (variants) {
    if (variants.length === 1) return formOf(variants[0]!, root)
    if (variants.every((one) => one.const !== undefined))
      return { is: 'choice', values: variants.map((one) => one.const) }
    return variants.every(isScalar) ? { is: 'scalar' } : { is: 'variants', variants }
  }
  if (Array.isArray(schema.type)) return { is: 'scalar' }
  switch (schema.type) {
    case 'boolean':
      return { is: 'switch' }
    case 'integer':
    case 'number':
      return { is: 'number', whole: schema.type === 'integer' }
    case 'string':
      return { is: 'text' }
    case 'array': {
      const item = schema.items && resolved(schema.items, root)
      if (item?.type === 'string' && !item.enum) return { is: 'list', of: 'text' }
      return item && (isScalar(item) || item.anyOf?.every(isScalar)) ? { is: 'list', of: 'scalar' } : { is: 'yaml' }
    }
    case 'object':
      if (schema.properties) return { is: 'group', schema }
      return typeof schema.additionalProperties === 'object'
        ? { is: 'map', value: schema.additionalProperties }
        : { is: 'yaml' }
    default:
      return { is: 'yaml' }
  }
}

const isScalar = ({ type, enum: values }: JsonSchema) =>
  !values && [type].flat().every((one) => ['string', 'number', 'integer', 'boolean'].includes(one ?? ''))

/** What a variant is called where one is chosen. */
export function variantTitle(variant: JsonSchema): string {
  if (variant.const !== undefined) return String(variant.const)
  const named = Object.values(variant.properties ?? {}).find(({ const: value }) => value !== undefined)
  if (named) return String(named.const)
  if (variant.enum) return 'a choice'
  if (variant.type === 'array') return 'several'
  if (variant.properties) {
    const [only, ...others] = Object.keys(variant.properties)
    return others.length === 0 ? only! : 'with settings'
  }
  return variant.type === 'object' ? 'by name' : variant.type === 'boolean' ? 'yes or no' : 'one'
}

/** Which variant a value is of; the first when none fits. */
export function variantOf(variants: JsonSchema[], value: unknown): number {
  const fits = (variant: JsonSchema) => {
    if (variant.const !== undefined) return variant.const === value
    if (variant.enum) return variant.enum.includes(value)
    if (variant.type === 'array') return Array.isArray(value)
    if (variant.type !== 'object') return value !== undefined && typeof value !== 'object'
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return false
    const properties = variant.properties
    if (!properties) return true
    return Object.entries(value).every(
      ([name, inner]) => properties[name] && (properties[name].const === undefined || properties[name].const === inner),
    )
  }
  return Math.max(0, variants.findIndex(fits))
}

/** What a new value of a schema begins as: what must be there, and nothing else. */
export function beginning(given: JsonSchema, root: JsonSchema): unknown {
  const form = formOf(given, root)
  if (form.is === 'fixed') return form.value
  if (form.is === 'list') return []
  if (form.is === 'map') return {}
  if (form.is === 'variants') return beginning(form.variants[0]!, root)
  if (form.is === 'choice') return form.values[0]
  if (form.is !== 'group') return undefined
  const { properties = {}, required = [] } = form.schema
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, inner]) => {
      const value = required.includes(name) ? beginning(inner, root) : undefined
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/** A setting's name for people: `code_page` and `codePage` are code page. */
export const words = (name: string): string =>
  name.replace(/_/g, ' ').replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`)
