import type { PayloadRow } from '../../contracts/payload.ts'

const isRow = (value: unknown): value is PayloadRow =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Uint8Array) &&
  !(value instanceof Date)

/** The rows of a decoded payload: an object, a list of objects, or a bare value as the column `value`. Throws when a list mixes them. */
export function oneOrMany(value: unknown): PayloadRow[] {
  if (isRow(value)) return [value]
  if (Array.isArray(value)) {
    const odd = value.findIndex((item) => !isRow(item))
    if (odd >= 0) throw new Error(`item ${odd} of the list is no object`)
    return value as PayloadRow[]
  }
  if (value === undefined || value === null) throw new Error('it holds no value')
  return [{ value }]
}
