import type { Generated } from 'kysely'
import type { ModelKind } from '../../../contracts/model-kind.ts'
import type { LifecycleState } from './tracking.ts'

export type GateState = 'none' | 'waiting' | 'passed' | 'failed'

export interface RegistryTables {
  registered_models: {
    project: string
    name: string
    state: LifecycleState
    description: string | null
    /** JSON of a ModelSpec: the gate and what else `kedge.yaml` declares of the model */
    spec: string | null
    /** the next version's number; numbers are never given twice */
    next_version: number
    created_at: number
    updated_at: number
  }
  registered_model_tags: { project: string; model: string; key: string; value: string }
  model_versions: {
    project: string
    model: string
    version: number
    state: LifecycleState
    /** MLflow's: READY, PENDING_REGISTRATION, FAILED_REGISTRATION */
    status: string
    status_message: string | null
    stage: string
    description: string | null
    user_id: string | null
    /** URI from which it was registered */
    source: string
    run_id: string | null
    run_link: string | null
    /** logged model */
    model_id: string | null
    /** digest of the model folder's manifest; null when nothing lies at the source */
    digest: string | null
    bytes: number | null
    kind: ModelKind | null
    pipeline_run: number | null
    step: string | null
    code_digest: string | null
    environment_digest: string | null
    /** JSON of a ModelSignature */
    signature: string | null
    /** JSON: [{dataset, version, role}] */
    dataset_versions: string
    /** JSON: {dataset, version} */
    holdout: string | null
    as_of: number | null
    gate: GateState
    /** digest of the Parquet file with the scored training and held-out rows */
    reference: string | null
    created_at: number
    updated_at: number
  }
  /** ONNX forms of Python models */
  conversions: {
    project: string
    model: string
    version: number
    state: 'converted' | 'refused'
    /** digest of the folder's manifest */
    digest: string | null
    bytes: number | null
    rows: number
    source: string | null
    tolerance: number
    largest_difference: number | null
    precision: 'float' | 'double' | null
    why: string | null
    /** JSON */
    tools: string | null
    created_at: number
  }
  model_version_tags: { project: string; model: string; version: number; key: string; value: string }
  model_aliases: { project: string; model: string; alias: string; version: number }
  /** Who moved which alias, when, why, on which evidence. */
  promotions: {
    id: Generated<number>
    project: string
    model: string
    alias: string
    from_version: number | null
    /** null when the alias was removed */
    to_version: number | null
    actor: string
    reason: string
    /** JSON */
    evidence: string | null
    time: number
  }
  gate_results: {
    id: Generated<number>
    project: string
    model: string
    version: number
    champion: number | null
    state: 'passed' | 'failed'
    /** JSON of a GateEvidence */
    evidence: string
    created_at: number
  }
}
