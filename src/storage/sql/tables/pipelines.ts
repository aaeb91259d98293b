import type { Generated } from 'kysely'

export type PipelineRunState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled'
export type StepState =
  | 'queued'
  | 'running'
  | 'succeeded'
  /** nothing it depends on has changed: the outputs of an earlier run are its outputs */
  | 'skipped'
  | 'failed'
  | 'cancelled'
  /** a step that it waits for has not succeeded */
  | 'blocked'

export interface PipelineTables {
  pipelines: {
    id: Generated<number>
    project: string
    name: string
    /** JSON of a PipelineSpec */
    spec: string
    /** JSON: path → { digest, bytes } of the code and lock files, contents in the blob store */
    files: string
    /** of spec and files */
    digest: string
    created_at: number
    updated_at: number
  }
  pipeline_runs: {
    id: Generated<number>
    project: string
    pipeline: string
    /** JSON, as they were when the run was started */
    spec: string
    files: string
    state: PipelineRunState
    /** event time that windows end relative to; null: the time of the start, and the steps are not told */
    as_of: number | null
    /** JSON: what the caller gave */
    params: string
    /** 1: no step is skipped */
    force: number
    /** one run per project and key */
    key: string | null
    /** event that led to it */
    cause: number | null
    actor: string
    job: number | null
    /** tries that ended in a failure of Kedge or of a part that was away */
    failures: number
    /** JSON of a KedgeError */
    error: string | null
    created_at: number
    started_at: number | null
    finished_at: number | null
  }
  pipeline_steps: {
    run: number
    step: string
    position: number
    project: string
    state: StepState
    attempt: number
    /** of everything that its outputs depend on; null until the inputs are known */
    digest: string | null
    /** run whose outputs were used in place of running */
    reused_run: number | null
    tracking_run: string | null
    executor: string | null
    /** JSON: name → StepInput */
    inputs: string
    /** JSON: name → StepOutput */
    outputs: string
    exit_code: number | null
    reason: string | null
    /** JSON: StepUsage */
    usage: string | null
    /** JSON of a KedgeError */
    error: string | null
    /** JSON: { model, version } */
    model_version: string | null
    code_digest: string | null
    environment_digest: string | null
    log_digest: string | null
    started_at: number | null
    finished_at: number | null
  }
}
