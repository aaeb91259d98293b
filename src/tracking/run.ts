import type { LifecycleState, RunStatus } from '../storage/sql/tables/tracking.ts'

/** A point of a metric; `value` may be NaN, infinities are clamped. */
export interface MetricPoint {
  value: number
  step: number
  /** milliseconds since 1970 */
  time: number
}

export interface RunDataset {
  name: string
  digest: string
  sourceType: string
  source: string
  schema: string | null
  profile: string | null
  tags: { key: string; value: string }[]
}

export interface Run {
  id: string
  /** its number inside the store */
  number: number
  project: string
  experimentId: string
  experiment: string
  name: string
  user: string
  status: RunStatus
  startTime: number | null
  endTime: number | null
  artifactUri: string
  state: LifecycleState
  pipelineRun: number | null
  step: string | null
  params: Record<string, string>
  tags: Record<string, string>
  /** the latest point of each metric */
  metrics: Record<string, MetricPoint>
  datasets: RunDataset[]
  models: { id: string; direction: 'input' | 'output'; step: number }[]
}

/**
 * A run whose params, tags and metrics are JSON: lists of `{key, value}`, of metrics `{key, value, timestamp, step}` with NaN
 * as a text; undefined when there are none.
 */
export interface RunTexts extends Omit<Run, 'params' | 'tags' | 'metrics'> {
  params: string | undefined
  tags: string | undefined
  metrics: string | undefined
}
