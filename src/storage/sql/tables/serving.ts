import type { Generated } from 'kysely'

export type RevisionState = 'new' | 'live' | 'shadow' | 'retired' | 'failed'
export type ReleaseState = 'running' | 'finished' | 'rolled_back' | 'aborted'
export type ReleaseStage = 'shadow' | 'canary' | 'full'

export interface ServingTables {
  endpoints: {
    id: Generated<number>
    project: string
    name: string
    /** the registered model that it serves */
    model: string
    /** JSON of the declared spec */
    spec: string
    /** raised by every change of what is served how: routing is stale when it is lower */
    routing: number
    created_at: number
    updated_at: number
  }
  revisions: {
    id: Generated<number>
    endpoint_id: number
    /** 1, 2, 3 … within the endpoint */
    number: number
    model: string
    version: number
    /** digest of the model's folder */
    artifact: string
    /** `onnx`, `mlflow` */
    kind: string
    state: RevisionState
    /** hundredths of a percent of the callers' predictions */
    traffic: number
    /** 1: predicts after the answer, recorded but never seen by the caller */
    shadow: number
    created_at: number
    retired_at: number | null
  }
  releases: {
    id: Generated<number>
    project: string
    endpoint_id: number
    /** number of the new revision */
    revision: number
    /** number of the revision that it would replace */
    baseline: number | null
    /** JSON of the strategy */
    strategy: string
    state: ReleaseState
    stage: ReleaseStage
    /** percent of the traffic in this stage */
    percent: number
    /** JSON: counters of both revisions when the stage began */
    stage_from: string
    stage_started_at: number
    /** JSON: the analyses' last verdicts */
    analyses: string
    /** JSON: the stages so far */
    stages: string
    reason: string | null
    /** event that led to it */
    cause: number | null
    started_at: number
    finished_at: number | null
  }
  /** What endpoints could carry when they were measured. */
  capacities: {
    id: Generated<number>
    endpoint_id: number
    measured_at: number
    /** JSON of Capacity */
    result: string
  }
  /** What each inference process counted for each revision since that process started; only ever rising. */
  revision_counters: {
    endpoint_id: number
    revision: number
    /** one start of one inference process */
    boot: string
    /** JSON of RevisionCounters */
    counters: string
    updated_at: number
  }
}
