/** Documents are JSON in a text column; these two are the only way in and out. */
export const toJson = (value: unknown): string => JSON.stringify(value)

/** The document of a column; null stays null. */
export function fromJson<T>(text: string): T
export function fromJson<T>(text: string | null): T | null
export function fromJson<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T)
}
