import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely'
import type { SqlStore } from '../../storage/sql/sql-store.ts'
import { filterError } from './filter-tokens.ts'
import { type Comparison, type Filter, parseFilter } from './parse-filter.ts'

/** Turns one comparison into SQL; throws what `refuse` makes of an unknown field or a comparison that it has not. */
export type CompileComparison = (comparison: Comparison, refuse: (what: string) => Error) => Expression<SqlBool>

/** A filter as one SQL condition; undefined when there is nothing to filter. Errors: `filter_invalid`. */
export function compileFilter(filter: string | undefined, compile: CompileComparison): Expression<SqlBool> | undefined {
  if (!filter) return undefined
  const parsed = parseFilter(filter)
  const toSql = (node: Filter): RawBuilder<SqlBool> => {
    if (node.kind === 'not') return sql<SqlBool>`not ${toSql(node.item)}`
    if (node.kind === 'compare') {
      const condition = compile(node, (what) => filterError(filter, node.at, what))
      return node.negated ? sql<SqlBool>`(not ${condition})` : sql<SqlBool>`(${condition})`
    }
    return sql<SqlBool>`(${sql.join(node.items.map(toSql), node.kind === 'and' ? sql` and ` : sql` or `)})`
  }
  return parsed && toSql(parsed)
}

const signs: Partial<Record<Comparison['operator'], RawBuilder<unknown>>> = {
  '=': sql`=`,
  '!=': sql`<>`,
  '<': sql`<`,
  '<=': sql`<=`,
  '>': sql`>`,
  '>=': sql`>=`,
}

/** Compares a text column. LIKE is case-sensitive on both stores, ILIKE on none. */
export function compareText(
  store: SqlStore['kind'],
  column: RawBuilder<unknown>,
  comparison: Comparison,
  refuse: (what: string) => Error,
): RawBuilder<SqlBool> {
  const { operator, value } = comparison
  if (operator === 'IS NULL') return sql`${column} is null`
  if (operator === 'IN') return sql`${column} in (${sql.join((value as (string | number)[]).map(String))})`
  const text = String(value)
  if (operator === 'LIKE')
    return store === 'sqlite' ? sql`${column} glob ${likeToGlob(text)}` : sql`${column} like ${text}`
  if (operator === 'ILIKE') return sql`lower(${column}) like ${text.toLowerCase()}`
  if (operator !== '=' && operator !== '!=')
    throw refuse(`${comparison.key} is text: compare it with =, !=, LIKE, ILIKE or IN`)
  return sql`${column} ${signs[operator]!} ${text}`
}

/** Compares a column of numbers. */
export function compareNumber(
  column: RawBuilder<unknown>,
  comparison: Comparison,
  refuse: (what: string) => Error,
): RawBuilder<SqlBool> {
  const { operator, value } = comparison
  const number = (given: unknown) => {
    const result = typeof given === 'string' && given.trim() !== '' ? Number(given) : given
    if (typeof result !== 'number' || !Number.isFinite(result))
      throw refuse(`${comparison.key} is a number, ${JSON.stringify(given)} is none`)
    return result
  }
  if (operator === 'IS NULL') return sql`${column} is null`
  if (operator === 'IN') return sql`${column} in (${sql.join((value as unknown[]).map(number))})`
  const sign = signs[operator]
  if (!sign) throw refuse(`${comparison.key} is a number: compare it with =, !=, <, <=, > or >=`)
  return sql`${column} ${sign} ${number(value)}`
}

/** LIKE's % and _ as GLOB's * and ?, with GLOB's own signs made literal. */
const likeToGlob = (pattern: string) =>
  pattern.replace(/[*?[\]%_]/g, (sign) => (sign === '%' ? '*' : sign === '_' ? '?' : sign === ']' ? ']' : `[${sign}]`))
