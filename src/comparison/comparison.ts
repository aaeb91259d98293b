import type { MonitorScore } from '../contracts/monitor-kind.ts'
import type { FeatureComparison } from '../monitoring/compare-feature.ts'
import type { Estimate, Measured } from '../statistics/too-few-samples.ts'

/** What a column is compared as; `text` by the lengths of its values, `time` and `other` by their missing values alone. */
export type ColumnKind = 'number' | 'category' | 'text' | 'time' | 'other'

/** What of a comparison can be found wanting. */
export const families = ['quality', 'drift', 'performance', 'bias'] as const
export type Family = (typeof families)[number]

/** `violation` where one of the family's scores violates; `unknown` where nothing could be judged. */
export type FamilyState = 'ok' | 'watch' | 'violation' | 'unknown'

export interface Side {
  /** a file's name, or what part of an endpoint's traffic it is */
  label: string
  rows: number
}

/** What a column has on one side. */
export interface ColumnSide {
  type: string
  missing: number
  /** not a number, +∞ or −∞: counted as missing too */
  notFinite: number
  /** numbers expected, but these are texts: counted as missing too */
  unreadable: number
  /** estimated, within about 1 %; null where it was not counted */
  distinct: number | null
  /** ISO 8601 (UTC) of times; null where there are none */
  first: string | null
  last: string | null
}

export interface ComparedColumn {
  name: string
  kind: ColumnKind
  role: 'feature' | 'target' | 'prediction' | 'score' | 'group'
  /** null on the side that lacks the column */
  reference: ColumnSide | null
  current: ColumnSide | null
}

export interface CorrelationChange {
  first: string
  second: string
  reference: number
  current: number
  /** adjusted for the number of pairs (Benjamini–Hochberg); of Fisher's z of the difference */
  p: number
}

export interface PerformanceMetric {
  name: string
  title: string
  reference: Measured<Estimate> | null
  /** where the truth of the current rows is known */
  current: Measured<Estimate> | null
  /** expected without truth, by `method` */
  estimated: Measured<Estimate> | null
  definition: string
}

export interface GroupRates {
  group: string
  side: 'reference' | 'current'
  rows: number
  selection: Measured<Estimate>
  truePositive: Measured<Estimate>
  falsePositive: Measured<Estimate>
}

/** A comparison of current rows with reference rows: plain data, the content of every report. */
export interface Comparison {
  /** of this form */
  version: 1
  title: string
  /** milliseconds since 1970 */
  madeAt: number
  reference: Side
  current: Side
  verdict: Record<Family, FamilyState>
  columns: ComparedColumn[]
  /** every score with its threshold and definition */
  scores: MonitorScore[]
  /** distributions over common bins, the worst first */
  features: FeatureComparison[]
  correlations: CorrelationChange[]
  performance: { task: 'binary' | 'classes' | 'regression'; metrics: PerformanceMetric[] } | null
  groups: GroupRates[]
  /** what a reader must know: what was left out, sampled or read otherwise than it says */
  notes: string[]
  /** promises and limits that the verdict rests on */
  settings: Record<string, unknown>
}
