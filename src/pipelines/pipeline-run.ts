import type { Selectable } from 'kysely'
import type { StepReason, StepUsage } from '../contracts/executor.ts'
import { fromJson } from '../storage/sql/json-column.ts'
import type { PipelineRunState, PipelineTables, StepState } from '../storage/sql/tables/pipelines.ts'
import type { ParamValue } from './pipeline-spec.ts'

export interface StepError {
  code: string
  message: string
  todo: string
}

/** What a step was given: a dataset version's file, or an output of an earlier step. */
export interface StepInput {
  name: string
  digest: string
  bytes: number
  kind: 'file' | 'folder'
  dataset?: string
  version?: number
  step?: string
  output?: string
}

export interface StepOutput {
  name: string
  /** of the file, or of the folder's manifest */
  digest: string
  bytes: number
  kind: 'file' | 'folder'
}

export interface PipelineStep {
  name: string
  position: number
  state: StepState
  attempt: number
  digest: string | null
  reusedRun: number | null
  trackingRun: string | null
  executor: string | null
  inputs: StepInput[]
  outputs: StepOutput[]
  exitCode: number | null
  reason: StepReason | null
  usage: StepUsage | null
  error: StepError | null
  modelVersion: { model: string; version: number; reused: boolean } | null
  codeDigest: string | null
  environmentDigest: string | null
  logDigest: string | null
  startedAt: number | null
  finishedAt: number | null
}

export interface PipelineRun {
  id: number
  project: string
  pipeline: string
  state: PipelineRunState
  asOf: number | null
  params: Record<string, ParamValue>
  force: boolean
  cause: number | null
  actor: string
  jobId: number | null
  error: StepError | null
  createdAt: number
  startedAt: number | null
  finishedAt: number | null
  steps: PipelineStep[]
}

/** A step of a pipeline run as its row says it. */
export const toStep = (row: Selectable<PipelineTables['pipeline_steps']>): PipelineStep => ({
  name: row.step,
  position: row.position,
  state: row.state,
  attempt: row.attempt,
  digest: row.digest,
  reusedRun: row.reused_run,
  trackingRun: row.tracking_run,
  executor: row.executor,
  inputs: fromJson(row.inputs),
  outputs: fromJson(row.outputs),
  exitCode: row.exit_code,
  reason: row.reason as StepReason | null,
  usage: fromJson(row.usage),
  error: fromJson(row.error),
  modelVersion: fromJson(row.model_version),
  codeDigest: row.code_digest,
  environmentDigest: row.environment_digest,
  logDigest: row.log_digest,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
})

/** A pipeline run as its rows say it. */
export const toRun = (row: Selectable<PipelineTables['pipeline_runs']>, steps: PipelineStep[]): PipelineRun => ({
  id: row.id,
  project: row.project,
  pipeline: row.pipeline,
  state: row.state,
  asOf: row.as_of,
  params: fromJson(row.params),
  force: row.force === 1,
  cause: row.cause,
  actor: row.actor,
  jobId: row.job,
  error: fromJson(row.error),
  createdAt: row.created_at,
  startedAt: row.started_at,
  finishedAt: row.finished_at,
  steps,
})
