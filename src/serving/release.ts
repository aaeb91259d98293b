import type { Selectable } from 'kysely'
import { fromJson } from '../storage/sql/json-column.ts'
import type { ReleaseStage, ReleaseState, ServingTables } from '../storage/sql/tables/serving.ts'
import type { ReleaseStrategy } from './endpoint-spec.ts'
import { noCounters, type RevisionCounters } from './revision-counters.ts'

export interface AnalysisResult {
  kind: string
  verdict: 'pass' | 'wait' | 'fail'
  reason: string
  evidence: Record<string, number | string | boolean | null>
}

export interface StageReport {
  stage: ReleaseStage
  percent: number
  startedAt: number
  finishedAt: number | null
  /** predictions of the new revision in the stage */
  predictions: number
  analyses: AnalysisResult[]
}

/** What the counters stood at. */
export interface StageMarks {
  /** the new revision's when the stage began */
  candidate: RevisionCounters
  /** the present revision's when the release began */
  baseline: RevisionCounters
}

export interface Release {
  id: number
  project: string
  endpointId: number
  revision: number
  baseline: number | null
  strategy: ReleaseStrategy
  state: ReleaseState
  stage: ReleaseStage
  percent: number
  stageStartedAt: number
  marks: StageMarks
  analyses: AnalysisResult[]
  stages: StageReport[]
  reason: string | null
  cause: number | null
  startedAt: number
  finishedAt: number | null
}

/** Marks of a stage in which nothing has been counted. */
export const noMarks = (): StageMarks => ({ candidate: noCounters(), baseline: noCounters() })

/** A release as its row says it. */
export function toRelease(row: Selectable<ServingTables['releases']>): Release {
  return {
    id: row.id,
    project: row.project,
    endpointId: row.endpoint_id,
    revision: row.revision,
    baseline: row.baseline,
    strategy: fromJson(row.strategy),
    state: row.state,
    stage: row.stage,
    percent: row.percent,
    stageStartedAt: row.stage_started_at,
    marks: fromJson(row.stage_from),
    analyses: fromJson(row.analyses),
    stages: fromJson(row.stages),
    reason: row.reason,
    cause: row.cause,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
  }
}

/** The stage after the present one. */
export function nextStage(
  { canary }: ReleaseStrategy,
  stage: ReleaseStage,
  percent: number,
): { stage: ReleaseStage; percent: number } {
  if (stage === 'full') return { stage, percent: 100 }
  const step = stage === 'shadow' ? canary[0] : canary.find((share) => share > percent)
  return step === undefined ? { stage: 'full', percent: 100 } : { stage: 'canary', percent: step }
}

/** Where a release begins: in full where nothing answers yet. */
export function firstStage(
  strategy: ReleaseStrategy,
  baseline: number | null,
): { stage: ReleaseStage; percent: number } {
  if (baseline === null) return { stage: 'full', percent: 100 }
  return strategy.shadow === false ? nextStage(strategy, 'shadow', 0) : { stage: 'shadow', percent: 0 }
}

/** Predictions that the new revision needs in the stage. */
export const neededIn = (strategy: ReleaseStrategy, stage: ReleaseStage): number =>
  stage === 'full' ? 0 : stage === 'shadow' ? strategy.shadow || 0 : strategy.samples
