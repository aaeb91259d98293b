import { KedgeError } from '../../errors.ts'

/** Of TypeScript's library not yet: JSON with numbers as they were written (ECMAScript 2026). */
const json = JSON as typeof JSON & {
  rawJSON(text: string): object
  isRawJSON(value: unknown): value is { rawJSON: string }
}

/** Parses JSON so that `JSON.stringify` gives every number back as it was written: `1.0`, or one beyond 2^53. Errors: `invalid_input`. */
export function parseExactly(text: string, what: string): unknown {
  try {
    return (JSON.parse as (text: string, reviver: unknown) => unknown)(
      text,
      (_key: string, value: unknown, { source }: { source?: string }) =>
        typeof value === 'number' && source !== undefined && String(value) !== source ? json.rawJSON(source) : value,
    )
  } catch (error) {
    throw new KedgeError(
      'invalid_input',
      { what: `${what} must be valid JSON: ${(error as Error).message.slice(0, 200)}` },
      { cause: error },
    )
  }
}

export type Document = Record<string, unknown>

/** An object, not a list, not a number kept as written. */
export const isDocument = (value: unknown): value is Document =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !json.isRawJSON(value)

/** The same value with the keys of every object in order: equal documents give equal text. */
export function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys)
  if (!isDocument(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sortedKeys(value[key])]),
  )
}

/** Name of the type of a JSON value, as MLflow's schemas of evaluation datasets have it. */
export function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'string') return 'string'
  if (Array.isArray(value)) return 'array'
  const text = typeof value === 'number' ? String(value) : json.isRawJSON(value) ? value.rawJSON : undefined
  if (text === undefined) return 'object'
  return /^-?\d+$/.test(text) ? 'integer' : 'float'
}
