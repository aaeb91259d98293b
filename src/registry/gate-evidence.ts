import type { GateMetric } from './model-spec.ts'

export interface GateEstimate {
  value: number
  /** ends of the confidence interval, where there are enough rows for one */
  low: number | null
  high: number | null
}

export interface GateRuleResult {
  metric: GateMetric
  /** the rule in words */
  rule: string
  outcome: 'passed' | 'failed' | 'skipped'
  reason: string
  challenger: GateEstimate | null
  champion: GateEstimate | null
  /** challenger − champion on the same rows; p two-sided */
  difference: (GateEstimate & { p: number | null }) | null
}

/** What a gate saw and decided, kept with the version. */
export interface GateEvidence {
  rows: number
  positives: number | null
  task: 'binary' | 'regression'
  holdout: { dataset: string; version: number }
  /** event time of the held-out rows, milliseconds since 1970 */
  window: { from: number; to: number } | null
  confidence: number
  rules: GateRuleResult[]
  seconds: number
}
