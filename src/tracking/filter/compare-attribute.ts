import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { SqlStore } from '../../storage/sql/sql-store.ts'
import { compareKeyed, compareNumber, compareText } from './compile-filter.ts'
import type { Comparison } from './parse-filter.ts'

/** What things with attributes and tags may be searched by, in MLflow's names. */
export interface Attributes {
  /** what one of them is called in an error, with its article */
  thing: string
  text: Readonly<Record<string, RawBuilder<unknown>>>
  numbers: Readonly<Record<string, RawBuilder<unknown>>>
  /** a table of tags as `t`, and the condition that they are of the row at hand */
  tags: RawBuilder<unknown>
}

export const isTag = ({ entity }: Comparison): boolean => entity === 'tags' || entity === 'tag'

/** One comparison of an attribute or a tag. Errors: what `refuse` makes of a field that there is not. */
export function compareAttribute(
  store: SqlStore['kind'],
  { thing, text, numbers, tags }: Attributes,
  comparison: Comparison,
  refuse: (what: string) => Error,
): RawBuilder<SqlBool> {
  const { entity, key } = comparison
  if (isTag(comparison)) {
    const rows = sql`select 1 from ${tags} and t.key = ${key}`
    return compareKeyed(store, rows, sql`t.value`, comparison, refuse)
  }
  if (entity !== undefined && !['attribute', 'attributes', 'attr'].includes(entity))
    throw refuse(`${entity} is not known here: use ${Object.keys(text).join(', ')} or tags`)
  if (Object.hasOwn(text, key)) return compareText(store, text[key]!, comparison, refuse)
  if (Object.hasOwn(numbers, key)) return compareNumber(numbers[key]!, comparison, refuse)
  throw refuse(`${key} is no attribute of ${thing}`)
}
