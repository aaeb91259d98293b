import type { Column, ColumnType } from '../../contracts/column.ts'
import { KedgeError } from '../../errors.ts'

/** How a writer of partitions says that there is no value. */
const missing = '__HIVE_DEFAULT_PARTITION__'
const forms: [ColumnType, RegExp][] = [
  ['int', /^-?\d{1,18}$/],
  ['date', /^\d{4}-\d\d-\d\d$/],
]

/**
 * The columns that folders name, as in `year=2001/month=01/a.parquet`, with the types that fit all their values.
 * Errors: `invalid_input` when files are in folders of other names.
 */
export function partitionsOf(names: readonly string[], given: string): Column[] {
  const values = new Map<string, Set<string>>()
  let keys: string | undefined
  for (const name of names) {
    const pairs = name
      .split('/')
      .slice(0, -1)
      .filter((part) => /^[^=]+=/.test(part))
    const own = pairs.map((pair) => pair.slice(0, pair.indexOf('='))).join('/')
    keys ??= own
    if (own !== keys)
      throw new KedgeError('invalid_input', {
        what: `The pattern ${given} finds files in folders of the columns ${keys || '(none)'} and, as ${name}, of ${own || '(none)'}`,
      })
    for (const pair of pairs) {
      const at = pair.indexOf('=')
      const seen = values.get(pair.slice(0, at)) ?? new Set()
      values.set(pair.slice(0, at), seen.add(pair.slice(at + 1)))
    }
  }
  return [...values].map(([name, seen]) => {
    const known = [...seen].filter((value) => value !== missing)
    return { name, type: forms.find(([, form]) => known.length > 0 && known.every((v) => form.test(v)))?.[0] ?? 'text' }
  })
}
