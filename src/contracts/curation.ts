import type { z } from 'zod'
import type { Column, ColumnType } from './column.ts'

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
  /** SQL for the position of the row in its source. */
  position: string
}

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
  /** The expressions of a configuration, so that their mistakes are found when it is declared. */
  expressions?(config: Config): PlacedExpression[]
  /** Aggregates over the live rows that must be known before compiling. */
  statistics?(config: Config, relation: Relation): Record<string, string>
  compile(config: Config, relation: Relation, statistics: Record<string, unknown>): CompiledOperation
}

/** Declares a curation operation: one file in `adapters/operations`. */
export const defineOperation = <Config>(definition: OperationDefinition<Config>): OperationDefinition =>
  definition as OperationDefinition
