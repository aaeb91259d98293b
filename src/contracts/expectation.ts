import type { z } from 'zod'
import type { Column } from './column.ts'
import type { PlacedExpression, Relation } from './curation.ts'

export interface ExpectationContext {
  columns: readonly Column[]
  /** milliseconds since 1970 */
  now: number
}

export interface Judgement {
  ok: boolean
  /** what was found, in a sentence */
  message: string
  observed?: unknown
}

/** A condition on a whole version; a version that fails one is not published. */
export interface ExpectationDefinition<Config = unknown> {
  /** key in the list `expect:` */
  kind: string
  title: string
  /** What it gives must be what it takes: declarations are stored as parsed and parsed again. */
  config: z.ZodType<Config>
  /** The expressions of a configuration, so that their mistakes are found when it is declared. */
  expressions?(config: Config): PlacedExpression[]
  /** Aggregates over the version's rows; their values come back to `judge` under the same names. */
  statistics?(config: Config, relation: Relation): Record<string, string>
  /** Names of the datasets whose newest published rows it reads. */
  datasets?(config: Config): string[]
  judge(config: Config, statistics: Record<string, unknown>, context: ExpectationContext): Judgement
}

/** Declares an expectation: one file in `adapters/expectations`. */
export const defineExpectation = <Config>(definition: ExpectationDefinition<Config>): ExpectationDefinition =>
  definition as ExpectationDefinition
