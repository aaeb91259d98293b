import type { GateRuleResult } from './gate-evidence.ts'

/** What the scoring process is asked, and what it answers. Paths are local and absolute. */
export interface ScoringRequest {
  challenger: ScoringModel
  champion?: ScoringModel | undefined
  holdout: string
  /** files with rows that the challenger learnt from; those without its columns are left out */
  training: string[]
  rules: unknown[] | null
  confidence: number
  /** where the scored rows go, as Parquet */
  reference: string
}

export interface ScoringModel {
  folder: string
  kind: string
  python?: string | undefined
  /** folder with the environments of Python models */
  environments?: string | undefined
}

export interface ScoringResult {
  rows: number
  positives: number | null
  task: 'binary' | 'regression'
  window: { from: number; to: number } | null
  rules: GateRuleResult[]
  /** rows of the reference, by part */
  reference: { train: number; holdout: number }
  /** the challenger's own description of its columns */
  description: unknown
}

export type ScoringAnswer =
  | { result: ScoringResult }
  | { error: { code: string; details: Record<string, unknown>; todo: string } }
