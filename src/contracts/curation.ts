import type { z } from 'zod'
import type { Column, ColumnType } from './column.ts'
import type { SecretReference } from './source.ts'

/** A compiled expression over the columns before an operation. */
export interface Expression {
  sql: string
  type: ColumnType
}

/** What an operation sees of the rows before it. */
export interface Relation {
  columns: readonly Column[]
  /** Finds a column. Errors: `invalid_input` with the nearest name. */
  column(name: string): Column & { sql: string }
  /** Compiles an expression of the checked language; `extra` are names besides the columns. */
  expression(text: string, extra?: ReadonlyMap<string, Expression>): Expression
  /** The same, which must be true or false. */
  condition(text: string): Expression
  /** The column as a Float64. Errors: `invalid_input` when it is no number. */
  number(name: string): string
  /** Turns SQL of one type into another, null where the value does not fit. Errors: `invalid_input` when it never could. */
  convert(sql: string, from: ColumnType, to: ColumnType): string
  /** A value as an SQL literal of the type. Errors: `invalid_input`. */
  literal(value: unknown, type: ColumnType): string
  /** SQL that is true for rows which no operation before has taken out; aggregates and windows look at these only. */
  live: string
  /** SQL for the position of the row: unique, and in the order of the rows. */
  position: string
  /** The rows before as a table expression, for queries of their own. */
  rows: string
  /** How the step is numbered in the positions of rows that it adds; see `addedRow`. */
  step: number
  /** The rows of the dataset that the operation has named in `datasets`. */
  other(dataset: string): OtherRows
  /** Refuses the configuration. `subject`: the name or text of it that is wrong. Errors: `invalid_input`. */
  fail(problem: string, subject: string): never
  /** SQL of a secret's value that the operation has named in `secrets`; the value is in no SQL that anybody sees. */
  secret(name: string): string
}

/** The published version of another dataset. */
export interface OtherRows {
  dataset: string
  version: number
  /** table expression with its columns and `__position`, from 0 */
  sql: string
  columns: readonly Column[]
  rows: number
}

/**
 * A position holds three things: the step that added the row (0 for the source), its place there, and which copy of it this
 * is. So rows keep their order, and each is traced to where it came from.
 */
export const positionBits = { place: 12, step: 48 } as const

/** An expression inside a configuration. */
export interface PlacedExpression {
  /** where it stands in the configuration; empty when it is the whole */
  path: (string | number)[]
  text: string
}

/** A condition under which a row leaves the dataset. */
export interface Verdict {
  /** SQL; null counts as false */
  when: string
  /** quarantined rows are kept aside with the reason, removed ones are only counted */
  action: 'quarantine' | 'remove'
  /** the same text for all rows of this verdict */
  reason: string
  /** SQL for the value at fault, as text */
  value?: string
}

export interface CompiledOperation {
  /** all columns after the operation, in order */
  columns: (Column & { sql: string })[]
  verdicts?: Verdict[]
  /** FROM clause instead of the rows before, whose alias is `p` and which keeps `__row`, `__verdict` and `__value` */
  from?: string
  /** the dataset whose rows the clause adds */
  adds?: OtherRows
  /** SQL of the number of the copy that a row is, from 0; a dataset has at most one step that repeats rows */
  copy?: string
}

/** A step that is a command of the user's. */
export interface CommandStep {
  command: string
  /** path → contents */
  files: Record<string, string>
  timeoutMs: number
  memoryBytes: number
}

/**
 * One kind of curation step, compiled to SQL over all rows at once. No SQL it emits may throw for any value of a row:
 * use the `…OrNull` functions.
 */
export interface OperationDefinition<Config = unknown> {
  /** key in the list `curate:` */
  kind: string
  title: string
  /** What it gives must be what it takes: declarations are stored as parsed and parsed again. */
  config: z.ZodType<Config>
  /**
   * What becomes of a row depends on that row and the configuration alone: rows that land later can be taken through the
   * step by themselves. Absent: on others, too.
   */
  rowByRow?: true
  /** The expressions of a configuration, so that their mistakes are found when it is declared. */
  expressions?(config: Config): PlacedExpression[]
  /** Aggregates over the live rows that must be known before compiling. */
  statistics?(config: Config, relation: Relation): Record<string, string>
  /**
   * Queries over `relation.rows` that give one value each, `value`; known before compiling, beside the statistics. The
   * lists that several give, one query after the other, are put together.
   */
  queries?(config: Config, relation: Relation, statistics: Record<string, unknown>): Record<string, string | string[]>
  /** Names of the datasets whose newest published rows it reads. */
  datasets?(config: Config): string[]
  /** Secrets of the project that it uses, by the name that it gives them. */
  secrets?(config: Config): Record<string, SecretReference>
  /** The command that does the step; `compile` is not called then. */
  command?(config: Config): CommandStep
  compile(config: Config, relation: Relation, statistics: Record<string, unknown>): CompiledOperation
}

/** Declares a curation operation: one file in `adapters/operations`. */
export const defineOperation = <Config>(definition: OperationDefinition<Config>): OperationDefinition =>
  definition as OperationDefinition

/** All columns of the rows before, as they are. */
export const allColumns = (relation: Relation): (Column & { sql: string })[] =>
  relation.columns.map(({ name }) => relation.column(name))

/** SQL of one value (16 bytes) that is equal for rows with equal values, missing ones included. */
export const keyOf = (columns: readonly string[]): string =>
  `sipHash128(${columns.map((sql) => `isNull(${sql}), ifNull(toString(${sql}), '')`).join(', ')})`

/** SQL of a text that names the group of a row by its values. */
export const groupOf = (columns: readonly string[]): string =>
  columns.length === 0
    ? "''"
    : `concat(${columns.map((sql) => `ifNull(toString(${sql}), '\\0')`).join(", '\\x1F', ")}, '')`

/** Groups that a step can tell apart. */
export const mostGroups = 10_000

/** SQL of a group's number out of a list of [group, number]; `otherwise` where the group is not in it. */
export function byGroup(
  group: string,
  known: readonly [string, number][],
  relation: Relation,
  otherwise: string,
): string {
  if (known.length === 0) return otherwise
  const keys = known.map(([key]) => relation.literal(key, 'text')).join(', ')
  return `transform(${group}, [${keys}], [${known.map(([, value]) => `toFloat64(${value})`).join(', ')}], ${otherwise})`
}
