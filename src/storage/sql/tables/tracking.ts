import type { Generated } from 'kysely'

export type LifecycleState = 'active' | 'deleted'
export type RunStatus = 'RUNNING' | 'SCHEDULED' | 'FINISHED' | 'FAILED' | 'KILLED'

interface KeyValue {
  key: string
  value: string
}

/** Inside the store a run is a number, so that the rows of its values are small; its `id` is what callers see. */
export interface TrackingTables {
  experiments: {
    number: Generated<number>
    project: string
    /** `0`, `1`, … within the project: clients take `0` for granted */
    id: string
    name: string
    artifact_location: string
    state: LifecycleState
    created_at: number
    updated_at: number
  }
  experiment_tags: KeyValue & { experiment: number }
  runs: {
    number: Generated<number>
    /** 32 hex digits */
    id: string
    project: string
    experiment: number
    name: string
    user_id: string
    status: RunStatus
    start_time: number | null
    end_time: number | null
    artifact_uri: string
    state: LifecycleState
    deleted_at: number | null
    /** the pipeline run and step that made it */
    pipeline_run: number | null
    step: string | null
  }
  run_params: KeyValue & { run: number }
  run_tags: KeyValue & { run: number }
  /** One row for each metric of a run, with its latest point (greatest step, then time, then value) and the one before it. */
  metric_series: {
    id: Generated<number>
    run: number
    key: string
    step: number
    time: number
    value: number
    prev_step: Generated<number | null>
    prev_time: Generated<number | null>
    prev_value: Generated<number | null>
    /** rows of points since the last packing, at most */
    recent: Generated<number>
    /** how many rows are packed */
    pack_at: Generated<number>
  }
  /** Most points, packed: of one series, by step, time and value, none of them a row too. */
  metric_chunks: {
    number: Generated<number>
    series: number
    first_step: number
    last_step: number
    points: number
    /** columns of steps, times and values: see `packed-points.ts` */
    data: Uint8Array
  }
  /** The points that are not packed yet. Infinity stands for NaN: infinities themselves are clamped, and SQLite stores no NaN. */
  metric_points: {
    series: number
    step: number
    time: number
    value: number
  }
  input_datasets: {
    number: Generated<number>
    experiment: number
    name: string
    digest: string
    source_type: string
    source: string
    schema: string | null
    profile: string | null
  }
  run_inputs: {
    run: number
    dataset: number
    /** JSON: [{key, value}] */
    tags: string
  }
  /** Logged models that a run used or made. */
  run_models: {
    run: number
    model: string
    direction: 'input' | 'output'
    step: number
  }
  logged_models: {
    /** `m-` and 32 hex digits */
    id: string
    project: string
    experiment: number
    name: string
    type: string
    source_run: string | null
    status: string
    artifact_uri: string
    state: LifecycleState
    created_at: number
    updated_at: number
  }
  logged_model_params: KeyValue & { model: string }
  logged_model_tags: KeyValue & { model: string }
  logged_model_metrics: {
    model: string
    run: number
    key: string
    step: number
    time: number
    value: number
    dataset_name: string
    dataset_digest: string
  }
  /** Which blob lies at which path of a project's artifacts. */
  artifact_files: {
    project: string
    path: string
    digest: string
    bytes: number
    modified_at: number
  }
  /** Named settings of the table of runs. */
  run_views: {
    project: string
    name: string
    /** the table's part of the address */
    query: string
    actor: string
    updated_at: number
  }
}
