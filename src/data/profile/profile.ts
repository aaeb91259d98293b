import type { ColumnType } from '../../contracts/column.ts'

export interface ColumnProfile {
  name: string
  type: ColumnType
  /** rows with a value */
  count: number
  missing: number
  /** estimated, within about 1 % */
  distinct: number
  /** numbers; times in milliseconds since 1970; texts by their order */
  min: number | string | null
  max: number | string | null
  mean: number | null
  /** standard deviation of the population */
  deviation: number | null
  /** p01 p05 p25 p50 p75 p95 p99, each within 1 % of itself */
  quantiles: Record<string, number> | null
  /** counts by the keys of `statistics/sketch.ts`, rising */
  sketch: { keys: number[]; counts: number[] } | null
  /** of times: counts between edges, milliseconds since 1970 */
  histogram: { edges: number[]; counts: number[] } | null
  /** the most frequent values, up to 200 */
  categories: { value: string; count: number }[] | null
  /** rows whose value is not among them */
  otherCategories: number
}

/** What a version's rows look like, column by column. */
export interface Profile {
  rows: number
  columns: ColumnProfile[]
}

export const quantileNames = { p01: 0.01, p05: 0.05, p25: 0.25, p50: 0.5, p75: 0.75, p95: 0.95, p99: 0.99 } as const
