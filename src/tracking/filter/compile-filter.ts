import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely'
import { linearPattern } from '../../storage/sql/linear-pattern.ts'
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
    // what is not known is not so: also of what has no value
    if (node.kind === 'not') return sql<SqlBool>`not ((${toSql(node.item)}) is true)`
    if (node.kind === 'compare') {
      const condition = compile(node, (what) => filterError(filter, node.at, what))
      return node.negated ? sql<SqlBool>`(not ((${condition}) is true))` : sql<SqlBool>`(${condition})`
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

const longestPattern = 10_000
const longestRegularExpression = 1000
const mostWildcards = 16
/** so many values of an `IN` are parameters of their own, more are one */
const fewValues = 20

/** Compares a text column. LIKE and RLIKE are case-sensitive on both stores, ILIKE on none. */
export function compareText(
  store: SqlStore['kind'],
  column: RawBuilder<unknown>,
  comparison: Comparison,
  refuse: (what: string) => Error,
): RawBuilder<SqlBool> {
  const { operator, written } = comparison
  if (operator === 'IS NULL') return sql`${column} is null`
  if (operator === 'IN') return among(store, column, written)
  const text = written[0]!
  if (operator === 'LIKE' || operator === 'ILIKE') {
    if (text.length > longestPattern)
      throw refuse(`a pattern has at most ${longestPattern.toLocaleString('en')} characters`)
    if (text.replace(/[^%]/g, '').length > mostWildcards) throw refuse(`a pattern has at most ${mostWildcards} "%"`)
    if (operator === 'LIKE')
      return store === 'sqlite' ? sql`${column} glob ${likeToGlob(text)}` : sql`${column} like ${text} escape ''`
    return store === 'sqlite'
      ? sql`unicode_lower(${column}) glob ${likeToGlob(text.toLowerCase())}`
      : sql`lower(${column}) like lower(${text}) escape ''`
  }
  if (operator === 'RLIKE') {
    if (text.length > longestRegularExpression)
      throw refuse(`a regular expression has at most ${longestRegularExpression.toLocaleString('en')} characters`)
    try {
      linearPattern(text)
    } catch (error) {
      throw refuse(
        `RLIKE takes a regular expression without looking around, references back or counts: ${(error as Error).message}`,
      )
    }
    return store === 'sqlite' ? sql`matches(${text}, ${column})` : sql`${column} ~ ${text}`
  }
  if (operator !== '=' && operator !== '!=')
    throw refuse(`${comparison.key} is text: compare it with =, !=, LIKE, ILIKE, RLIKE or IN`)
  return sql`${column} ${signs[operator]!} ${text}`
}

/** Compares the value that something has for a key: `rows`, a select up to its conditions, are those of the key, `column` their value. */
export function compareKeyed(
  store: SqlStore['kind'],
  rows: RawBuilder<unknown>,
  column: RawBuilder<unknown>,
  comparison: Comparison,
  refuse: (what: string) => Error,
): RawBuilder<SqlBool> {
  if (comparison.operator === 'IS NULL') return sql`not exists (${rows})`
  return sql`exists (${rows} and ${compareText(store, column, comparison, refuse)})`
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
  if (operator === 'IN')
    return sql`${column} in (${sql.join((value as unknown[]).map((one) => sql.raw(String(number(one)))))})`
  const sign = signs[operator]
  if (!sign) throw refuse(`${comparison.key} is a number: compare it with =, !=, <, <=, > or >=`)
  // the column may be one of whole numbers, the value need not be one
  return sql`${column} ${sign} cast(${number(value)} as double precision)`
}

/** Whether a text column is one of the values, of which there may be more than a statement has room for parameters. */
function among(store: SqlStore['kind'], column: RawBuilder<unknown>, values: readonly string[]): RawBuilder<SqlBool> {
  if (values.length <= fewValues) return sql`${column} in (${sql.join(values)})`
  return store === 'sqlite'
    ? sql`${column} in (select value from json_each(${JSON.stringify(values)}))`
    : sql`${column} = any(${values}::text[])`
}

/** LIKE's % and _ as GLOB's * and ?, with GLOB's own signs made literal. */
const likeToGlob = (pattern: string) =>
  pattern.replace(/[*?[\]%_]/g, (sign) => (sign === '%' ? '*' : sign === '_' ? '?' : sign === ']' ? ']' : `[${sign}]`))
