import type { Selectable } from 'kysely'
import type { ModelKind } from '../contracts/model-kind.ts'
import { fromJson } from '../storage/sql/json-column.ts'
import type { GateState, RegistryTables } from '../storage/sql/tables/registry.ts'

export interface DatasetUse {
  dataset: string
  version: number
  /** the name of the step's input: what the rows were for */
  role: string
}

export interface ModelVersion {
  project: string
  model: string
  version: number
  status: string
  statusMessage: string | null
  stage: string
  description: string | null
  user: string | null
  /** address from which it was registered */
  source: string
  runId: string | null
  runLink: string | null
  modelId: string | null
  /** digest of the model folder's manifest */
  digest: string | null
  bytes: number | null
  kind: ModelKind | null
  pipelineRun: number | null
  step: string | null
  codeDigest: string | null
  environmentDigest: string | null
  signature: unknown
  datasetVersions: DatasetUse[]
  holdout: { dataset: string; version: number } | null
  /** how far its data reaches, milliseconds since 1970 */
  asOf: number | null
  gate: GateState
  /** digest of the Parquet file with its scored training and held-out rows */
  reference: string | null
  createdAt: number
  updatedAt: number
  tags: Record<string, string>
  aliases: string[]
}

export type ModelVersionRow = Selectable<RegistryTables['model_versions']>

/** A row with its tags and aliases as the domain shows it. */
export function toModelVersion(row: ModelVersionRow, tags: Record<string, string>, aliases: string[]): ModelVersion {
  return {
    project: row.project,
    model: row.model,
    version: row.version,
    status: row.status,
    statusMessage: row.status_message,
    stage: row.stage,
    description: row.description,
    user: row.user_id,
    source: row.source,
    runId: row.run_id,
    runLink: row.run_link,
    modelId: row.model_id,
    digest: row.digest,
    bytes: row.bytes === null ? null : Number(row.bytes),
    kind: row.kind,
    pipelineRun: row.pipeline_run,
    step: row.step,
    codeDigest: row.code_digest,
    environmentDigest: row.environment_digest,
    signature: fromJson(row.signature),
    datasetVersions: fromJson<DatasetUse[]>(row.dataset_versions),
    holdout: fromJson(row.holdout),
    asOf: row.as_of,
    gate: row.gate,
    reference: row.reference,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    tags,
    aliases,
  }
}
