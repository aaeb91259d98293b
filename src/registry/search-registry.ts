import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { SqlStore } from '../storage/sql/sql-store.ts'
import { type Attributes, compareAttribute, isTag } from '../tracking/filter/compare-attribute.ts'
import { compileFilter } from '../tracking/filter/compile-filter.ts'
import type { Comparison } from '../tracking/filter/parse-filter.ts'
import { checkMaxResults } from '../tracking/limits.ts'
import { decodePage, nextPage } from '../tracking/page-token.ts'
import { parseAttributeOrder } from '../tracking/parse-attribute-order.ts'
import { notPrompts, promptTag } from './prompts.ts'

export interface RegistryQuery {
  filter?: string | undefined
  orderBy?: string[] | undefined
  maxResults?: number | undefined
  pageToken?: string | undefined
}

/** What a search looks through, in MLflow's names. */
export interface Searched extends Attributes {
  table: 'registered_models' | 'model_versions'
  /** columns by which it may be ordered, by MLflow's names */
  order: Readonly<Record<string, string>>
  usualOrder: RawBuilder<unknown>
  /** decides between rows that the order leaves equal */
  lastOrder: RawBuilder<unknown>
  most: number
  usual: number
}

/** Searches the registry with MLflow's filters, order and pages. `complete` makes rows into what callers see. */
export function createRegistrySearch<Row, Item>(
  store: Pick<SqlStore, 'kind' | 'read'>,
  searched: Searched,
  complete: (rows: Row[]) => Promise<Item[]>,
) {
  const expected = `order by ${Object.keys(searched.order).join(', ')}`
  return async (project: string, query: RegistryQuery): Promise<{ items: Item[]; next?: string }> => {
    const limit = checkMaxResults(query.maxResults, searched.most, searched.usual)
    const { offset } = decodePage(query.pageToken)
    let prompts: boolean | undefined
    const condition = compileFilter(query.filter, (comparison, refuse) => {
      if (!isTag(comparison) || comparison.key !== promptTag)
        return compareAttribute(store.kind, searched, comparison, refuse)
      // the first of these comparisons says whether prompts are asked for, whatever the tags are
      prompts ??= asksForPrompts(comparison)
      return prompts ? compareAttribute(store.kind, searched, comparison, refuse) : sql<SqlBool>`1 = 1`
    })
    const table = sql.table(searched.table)
    const order = (query.orderBy ?? []).map((clause) => {
      const { column, descending } = parseAttributeOrder(clause, searched.order, expected)
      return sql`${sql.ref(column)} ${descending ? sql`desc` : sql`asc`}`
    })
    if (order.length === 0) order.push(searched.usualOrder as RawBuilder<unknown>)
    const { rows } = await sql<Row>`select * from ${table} where project = ${project} and state = 'active'
      ${condition ? sql`and ${condition}` : sql``} ${prompts ? sql`` : sql`and ${notPrompts(searched.table)}`}
      order by ${sql.join([...order, searched.lastOrder])} limit ${limit + 1} offset ${offset}`.execute(store.read)
    return { items: await complete(rows.slice(0, limit)), ...nextPage(rows.length, limit, offset) }
  }
}

const asksForPrompts = ({ operator, value, negated }: Comparison): boolean => {
  const text = String(value).toLowerCase()
  return !negated && ((operator === '=' && text === 'true') || (operator === '!=' && text === 'false'))
}
