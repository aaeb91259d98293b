import { createHash } from 'node:crypto'

/** SHA-256 (hex) of a JSON document, the same whatever the order of its keys. */
export const documentDigest = (document: unknown): string =>
  createHash('sha256').update(canonical(document)).digest('hex')

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const entries = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`
}
