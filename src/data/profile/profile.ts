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
  /** of texts, in characters; absent in versions made before */
  lengths?: { min: number; max: number; mean: number } | null
  /** the known form that most of the sampled texts have, when it is at least half of them */
  form?: { is: TextForm; share: number } | null
  /** shapes of the sampled texts: A for letters, 9 for digits, runs shortened */
  patterns?: { pattern: string; share: number }[] | null
  /** why the column may hold data about people */
  sensitive?: { kind: string; why: string } | null
}

export type TextForm = 'email' | 'phone' | 'iban' | 'card' | 'url' | 'uuid' | 'ipv4' | 'date' | 'number'

/** What is found by looking at some rows only. */
export interface SampleFindings {
  /** rows that were looked at */
  rows: number
  /** Pearson's r of pairs of numbers, those beyond ±0.3, strongest first */
  correlations: { a: string; b: string; r: number }[]
  /** rows that differ from an earlier one by case, blanks or signs only */
  nearDuplicates: { rows: number; examples: [number, number][] }
  label: LabelFindings | null
}

export interface LabelFindings {
  column: string
  classes: { value: string; share: number }[]
  /** of the rarest to the most frequent class; null for numbers */
  imbalance: number | null
  /** columns that tell the label all but alone */
  leaks: { column: string; share: number; why: string }[]
}

/** What a version's rows look like, column by column. */
export interface Profile {
  rows: number
  columns: ColumnProfile[]
  /** absent in versions made before */
  sample?: SampleFindings
}

export const quantileNames = { p01: 0.01, p05: 0.05, p25: 0.25, p50: 0.5, p75: 0.75, p95: 0.95, p99: 0.99 } as const
