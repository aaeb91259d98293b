import type { z } from 'zod'
import type { LatencyHistogram } from '../statistics/latency-histogram.ts'
import type { Moments } from '../statistics/moments.ts'

/** What was counted of one revision over the span that is judged. */
export interface RevisionEvidence {
  predictions: number
  /** predictions that failed by the model's fault */
  errors: number
  /** calls of the model that succeeded and that failed: a call's predictions share its fate and its latency */
  calls: number
  failedCalls: number
  latency: LatencyHistogram
  score: Moments
  /** predictions by score in 20 equal bins of 0 to 1; empty where scores are no probabilities */
  bins: readonly number[]
}

/** The two revisions' losses on the same rows whose truth has come. */
export interface PairedLoss {
  metric: string
  rows: number
  /** new − present: below 0 the new one is better */
  difference: number
  standardError: number
}

export interface AnalysisInput {
  stage: 'shadow' | 'canary'
  /** the new revision, since it exists */
  candidate: RevisionEvidence
  /** the present one, since the release began */
  baseline: RevisionEvidence
  /** score of the new one minus score that the caller got, on the same rows */
  difference: Moments
  /** shadow predictions that were left out because too many waited */
  skipped: number
  /** undefined while no truth has come */
  loss: PairedLoss | undefined
}

export interface AnalysisVerdict {
  /** `wait`: neither good nor bad yet; `fail` ends the release */
  verdict: 'pass' | 'wait' | 'fail'
  /** one sentence with the numbers behind it */
  reason: string
  evidence: Record<string, number | string | boolean | null>
}

/** One way to judge a new revision against the present one. It is asked again and again, so its tests must stay valid then. */
export interface ReleaseAnalysis<Settings extends z.ZodType = z.ZodType> {
  kind: string
  title: string
  /** the test in a line for people */
  definition: string
  settings: Settings
  judge(input: AnalysisInput, settings: z.output<Settings>): AnalysisVerdict
}

/** Declares an analysis; the default export of its file in `adapters/release-analyses`. */
export const defineReleaseAnalysis = <S extends z.ZodType>(analysis: ReleaseAnalysis<S>): ReleaseAnalysis<S> => analysis
