import type { Generated } from 'kysely'

export interface EvaluationTables {
  /** Sets of examples by which answers are judged, as MLflow's clients keep them. */
  evaluation_datasets: {
    /** `d-` and 32 hex digits */
    id: string
    project: string
    name: string
    /** changes with every change of its records */
    digest: string
    /** JSON: names and types of what its records hold */
    schema: string | null
    records: number
    created_at: number
    updated_at: number
    created_by: string | null
    updated_by: string | null
  }
  evaluation_dataset_tags: { dataset: string; key: string; value: string }
  evaluation_dataset_experiments: { dataset: string; experiment: string }
  evaluation_records: {
    /** the order in which they came */
    id: Generated<number>
    /** `dr-` and 32 hex digits */
    record: string
    dataset: string
    /** SHA-256 of its inputs with sorted keys: the same inputs are one record */
    input_digest: string
    /** JSON, numbers as they were written */
    inputs: string
    outputs: string | null
    expectations: string | null
    tags: string | null
    /** JSON: { source_type, source_data } */
    source: string | null
    created_at: number
    updated_at: number
    created_by: string | null
    updated_by: string | null
  }
  scorers: {
    id: string
    project: string
    experiment: string
    name: string
    next_version: number
  }
  scorer_versions: { scorer: string; version: number; serialized: string; created_at: number }
}
