import { z } from 'zod'
import type { Column, ColumnType } from '../../contracts/column.ts'
import type { OtherRows, Relation } from '../../contracts/curation.ts'
import { KedgeError } from '../../errors.ts'
import { compileExpression } from '../expression/compile-expression.ts'
import { canConvert, convert } from '../expression/conversion.ts'
import { nearest } from '../expression/nearest.ts'
import { engineTypes, quoteName, quoteText } from '../expression/sql-text.ts'

/** Where a step stands; what is absent is not known yet, as when a declaration is checked. */
export interface RelationPlace {
  rows?: string
  step?: number
  others?: ReadonlyMap<string, OtherRows>
  /** name → SQL of the parameter */
  secrets?: ReadonlyMap<string, string>
}

/** What a step sees of the rows that the subquery `p` gives. `where` names the step in errors. */
export function createRelation(
  columns: readonly Column[],
  where: string,
  { rows = 'p', step = 0, others, secrets }: RelationPlace = {},
): Relation {
  const byName = new Map(columns.map((column) => [column.name, { ...column, sql: `p.${quoteName(column.name)}` }]))
  /** `subject`: the name or expression of the configuration that is wrong */
  const invalid = (problem: string, subject: string, cause?: unknown) =>
    new KedgeError('invalid_input', { what: `${where}: ${problem}`, problem, subject }, { cause })
  const relation: Relation = {
    columns,
    column(name) {
      const found = byName.get(name)
      if (found) return found
      const hint = nearest(name, [...byName.keys()])
      throw invalid(
        `there is no column ${name}${hint ? `; did you mean ${hint}?` : ` (there are ${[...byName.keys()].slice(0, 20).join(', ')})`}`,
        name,
      )
    },
    expression(text, extra) {
      try {
        return compileExpression(text, extra ? new Map([...byName, ...extra]) : byName)
      } catch (error) {
        throw error instanceof KedgeError ? invalid(error.message, text, error) : error
      }
    },
    condition(text) {
      const expression = relation.expression(text)
      if (expression.type !== 'bool') throw invalid(`"${text}" is ${expression.type}, not true or false`, text)
      return expression
    },
    number(name) {
      const { sql, type } = relation.column(name)
      if (type !== 'int' && type !== 'float' && type !== 'bool') throw invalid(`${name} is ${type}, not a number`, name)
      return `toFloat64(${sql})`
    },
    convert(sql, from, to) {
      if (!canConvert(from, to)) throw invalid(`a ${from} cannot become a ${to}`, to)
      return convert(sql, from, to)
    },
    literal(value, type) {
      const sql = literal(value, type)
      if (sql === undefined)
        throw invalid(`${JSON.stringify(value)} is not ${type === 'int' ? 'an int' : `a ${type}`}`, String(value))
      return sql
    },
    live: 'p.__verdict = 0',
    position: 'p.__row',
    rows,
    step,
    other(dataset) {
      const found = others?.get(dataset)
      if (!found) throw invalid(`the dataset ${dataset} has no published version yet`, dataset)
      return found
    },
    fail(problem, subject) {
      throw invalid(problem, subject)
    },
    secret: (name) => secrets?.get(name) ?? "''",
  }
  return relation
}

const time = z.union([z.number().transform((ms) => new Date(ms)), z.string().transform((text) => new Date(text))])

function literal(value: unknown, type: ColumnType): string | undefined {
  if (type === 'text') return typeof value === 'object' ? undefined : quoteText(String(value))
  if (type === 'bool') return typeof value === 'boolean' ? String(value) : undefined
  if (type === 'int') return Number.isSafeInteger(value) ? `toInt64(${value})` : undefined
  if (type === 'float') return typeof value === 'number' && Number.isFinite(value) ? `toFloat64(${value})` : undefined
  const parsed = time.safeParse(value)
  const ms = parsed.success ? parsed.data.getTime() : Number.NaN
  if (Number.isNaN(ms)) return undefined
  return convert(`fromUnixTimestamp64Micro(toInt64(${ms * 1000}), 'UTC')`, 'time', type)
}

/** SQL that has exactly the type of a column, so that Parquet files of equal schemas are equal. */
export const asColumn = (sql: string, type: ColumnType): string =>
  `CAST(${sql}, ${quoteText(`Nullable(${engineTypes[type]})`)})`
