import type { Generated } from 'kysely'

export interface DataTables {
  sources: {
    project: string
    name: string
    kind: string
    /** JSON; secrets only as references */
    config: string
    created_at: number
    updated_at: number
  }
  datasets: {
    project: string
    name: string
    /** JSON of a DatasetSpec */
    spec: string
    spec_digest: string
    created_at: number
    updated_at: number
  }
  dataset_versions: {
    id: Generated<number>
    project: string
    dataset: string
    version: number
    /** a rejected version failed its expectations and is never `latest` */
    state: 'published' | 'rejected'
    /** digest of everything that the version is a function of; one version for each */
    input_key: string
    /** blob of the rows, Parquet */
    digest: string
    bytes: number
    row_count: number
    /** JSON */
    schema: string
    /** JSON */
    profile: string
    window_from: number | null
    window_to: number | null
    label: string | null
    spec_digest: string
    /** JSON */
    sources: string
    /** JSON */
    expectations: string
    /** JSON: read, kept, quarantined, removed, steps */
    counts: string
    /** blob of the quarantined rows, Parquet */
    quarantine_digest: string | null
    /** JSON */
    quarantine_reasons: string
    /** JSON: the pulled batches that an incremental dataset builds on */
    batches: string
    /** JSON: columns of the source as they were found */
    source_schema: string
    parent_version: number | null
    actor: string
    created_at: number
  }
}
