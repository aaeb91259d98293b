import type { Source } from '../../api/types.ts'

/** Where a source reads from, in a few words. */
export function sourcePlace({ config }: Source): string {
  for (const key of ['url', 'path', 'file', 'table', 'query', 'database', 'connection']) {
    const value = config[key]
    if (typeof value === 'string') return value
  }
  return '–'
}
