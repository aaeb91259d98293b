import type { PairedLoss, ReleaseAnalysis } from '../contracts/release-analysis.ts'
import type { AnalysisResult, Release } from './release.ts'
import { neededIn } from './release.ts'
import { bothRoles, countersSince, type RevisionCounters } from './revision-counters.ts'

export interface StageFacts {
  candidate: RevisionCounters
  baseline: RevisionCounters
  /** the paired losses where truth has come */
  loss: PairedLoss | undefined
  /** whether an inference process has the new revision ready, and why not if it never can */
  ready: boolean
  failure: string | null
  now: number
}

export type Decision =
  | { do: 'wait'; predictions: number; analyses: AnalysisResult[] }
  | { do: 'advance'; predictions: number; analyses: AnalysisResult[] }
  | { do: 'roll back'; predictions: number; analyses: AnalysisResult[]; reason: string }

/** What is to be done with a release now; pure, so that the whole way of a release can be tested without a server. */
export function judgeStage(release: Release, facts: StageFacts, kinds: readonly ReleaseAnalysis[]): Decision {
  const { strategy, stage } = release
  const since = countersSince(release.marks.candidate, facts.candidate)
  const predictions = stage === 'shadow' ? since.shadow.predictions : since.live.predictions
  if (facts.failure !== null) return { do: 'roll back', predictions, analyses: release.analyses, reason: facts.failure }
  if (stage === 'full') return { do: facts.ready ? 'advance' : 'wait', predictions, analyses: [] }

  const input = {
    stage,
    candidate: stage === 'shadow' ? facts.candidate.shadow : bothRoles(facts.candidate),
    baseline: countersSince(release.marks.baseline, facts.baseline).live,
    difference: facts.candidate.difference,
    skipped: facts.candidate.skipped,
    loss: facts.loss,
  }
  const analyses = strategy.analyse.map(({ kind, ...settings }): AnalysisResult => {
    const analysis = kinds.find((candidate) => candidate.kind === kind)
    if (!analysis) return { kind, verdict: 'wait', reason: `there is no analysis ${kind}`, evidence: {} }
    return { kind, ...analysis.judge(input, analysis.settings.parse(settings)) }
  })
  const failed = analyses.filter((analysis) => analysis.verdict === 'fail')
  if (failed.length > 0)
    return {
      do: 'roll back',
      predictions,
      analyses,
      reason: failed.map((analysis) => `${analysis.kind}: ${analysis.reason}`).join('; '),
    }
  const elapsed = facts.now - release.stageStartedAt
  const enough = predictions >= neededIn(strategy, stage) && elapsed >= strategy.duration
  if (enough && analyses.every((analysis) => analysis.verdict === 'pass'))
    return { do: 'advance', predictions, analyses }
  if (elapsed > strategy.patience) {
    const waiting = analyses.find((analysis) => analysis.verdict === 'wait')
    const why = waiting
      ? `${waiting.kind}: ${waiting.reason}`
      : `${predictions} of ${neededIn(strategy, stage)} predictions came`
    return {
      do: 'roll back',
      predictions,
      analyses,
      reason: `the stage ${stage} could not be concluded in time (${why})`,
    }
  }
  return { do: 'wait', predictions, analyses }
}
