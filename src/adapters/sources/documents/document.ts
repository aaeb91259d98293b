/** A value of a document in terms that every kind of store has. */
export type DocumentValue =
  | string
  | number
  | bigint
  | boolean
  | Date
  | null
  | DocumentValue[]
  | { [name: string]: DocumentValue }
export type Document = Record<string, DocumentValue>

// large whole numbers stay exact
const inJson = (_name: string, value: unknown) =>
  typeof value === 'bigint' ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value)) : value

/** A value as a text: times are ISO 8601, and what is nested is JSON. */
export function textOf(value: DocumentValue | undefined): string | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed()
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  return typeof value === 'object' ? JSON.stringify(value, inJson).toWellFormed() : String(value)
}
