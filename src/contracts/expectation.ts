import type { z } from 'zod'
import type { Column } from './column.ts'
import type { PlacedExpression, Relation } from './curation.ts'

/** What a version's profile says about a column. */
export interface ColumnSummary extends Column {
  /** rows with a value */
  count: number
  missing: number
  distinct: number
  mean: number | null
  deviation: number | null
  /** counts by the keys of `statistics/sketch.ts`, of numbers */
  sketch: { keys: number[]; counts: number[] } | null
  categories: { value: string; count: number }[] | null
  otherCategories: number
}

export interface ExpectationContext {
  columns: readonly Column[]
  /** milliseconds since 1970 */
  now: number
  /** of the version that is judged */
  profile: { rows: number; columns: readonly ColumnSummary[] }
  /** of the version that `reference` has named; undefined when there is none yet */
  reference?: { version: number; rows: number; columns: readonly ColumnSummary[] } | undefined
}

export interface Judgement {
  ok: boolean
  /** what was found, in a sentence */
  message: string
  observed?: unknown
}

/** A condition on a whole version; a version that fails one is not published, unless it only warns. */
export interface ExpectationDefinition<Config = unknown> {
  /** key in the list `expect:` */
  kind: string
  title: string
  /** What it gives must be what it takes: declarations are stored as parsed and parsed again. */
  config: z.ZodType<Config>
  /** The expressions of a configuration, so that their mistakes are found when it is declared. */
  expressions?(config: Config): PlacedExpression[]
  /** Aggregates over the version's rows, taken in one scan with those of all others; `judge` sees them under the same names. */
  statistics?(config: Config, relation: Relation): Record<string, string>
  /** Queries over `relation.rows` (with `__position`) that give one value each, `value`: for what one scan cannot tell. */
  queries?(config: Config, relation: Relation): Record<string, string>
  /** SQL that is true for a row at fault; such rows are shown as evidence. */
  fails?(config: Config, relation: Relation): string
  /** A query of the user's over `rows` whose rows are at fault; it is checked to read nothing else. `judge` sees `failing` and `rows`. */
  userQuery?(config: Config): string
  /** Names of the datasets whose newest published rows it reads. */
  datasets?(config: Config): string[]
  /** The version that it compares with: the newest published one, a number or a tag. */
  reference?(config: Config): 'previous' | number | string
  judge(config: Config, statistics: Record<string, unknown>, context: ExpectationContext): Judgement
}

/** Declares an expectation: one file in `adapters/expectations`. */
export const defineExpectation = <Config>(definition: ExpectationDefinition<Config>): ExpectationDefinition =>
  definition as ExpectationDefinition

/** An expectation that holds or fails for each row by itself. */
export interface RowExpectation<Config>
  extends Pick<ExpectationDefinition<Config>, 'kind' | 'title' | 'config' | 'expressions' | 'datasets'> {
  /** columns without a value in one of them are not judged */
  columns(config: Config): string[]
  /** SQL that is true for a row at fault */
  fails(config: Config, relation: Relation): string
  /** what holds, to follow the columns' names: `lies in [1, 2]` */
  says(config: Config): string
  /** more aggregates, shown with the result */
  observes?(config: Config, relation: Relation): Record<string, string>
}

/** Declares an expectation on single rows; `mostly` is the share of the judged rows that must hold. */
export const defineRowExpectation = <Config extends { mostly: number }>(
  row: RowExpectation<Config>,
): ExpectationDefinition => {
  const judged = (config: Config, relation: Relation) =>
    row
      .columns(config)
      .map((name) => `${relation.column(name).sql} IS NOT NULL`)
      .join(' AND ') || 'true'
  const fails = (config: Config, relation: Relation) =>
    `(${judged(config, relation)}) AND ifNull(${row.fails(config, relation)}, false)`
  return defineExpectation<Config>({
    ...row,
    fails,
    statistics: (config, relation) => ({
      values: `countIf(${judged(config, relation)})`,
      failing: `countIf(${fails(config, relation)})`,
      ...row.observes?.(config, relation),
    }),
    judge(config, { values, failing, ...observed }) {
      const [all, bad] = [Number(values), Number(failing)]
      const ok = all === 0 || bad / all <= 1 - config.mostly + 1e-12
      const what = row.columns(config).join(', ')
      const says = `${what}${what ? ' ' : ''}${row.says(config)}`
      return {
        ok,
        observed: { failing: bad, values: all, ...observed },
        message:
          bad === 0 ? says : `not in ${bad} of ${all} ${what ? 'values' : 'rows'}: ${says}${ok ? ' (tolerated)' : ''}`,
      }
    },
  })
}
