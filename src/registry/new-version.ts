import type { ModelKind } from '../contracts/model-kind.ts'
import type { DatasetUse } from './model-version.ts'

/** What a pipeline's step made, to be registered. */
export interface NewVersion {
  runId?: string | undefined
  /** With `step`: a second creation for the same step gives the same version. */
  pipelineRunId?: number | undefined
  step?: string | undefined
  artifact: { digest: string; kind: ModelKind; bytes?: number | undefined }
  datasetVersions: DatasetUse[]
  codeDigest?: string | undefined
  environmentDigest?: string | undefined
  signature?: unknown
  /** the rows on which its gate decides; without them there is no gate */
  holdout?: { dataset: string; version: number } | undefined
  asOf?: number | undefined
  description?: string | undefined
}

/** What lies at an address, to be registered as MLflow's clients do. */
export interface RegisteredSource {
  source: string
  runId?: string | undefined
  runLink?: string | undefined
  modelId?: string | undefined
  description?: string | undefined
  user?: string | undefined
  tags?: readonly { key: string; value: string }[]
}
