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
    /** blob of the rows, Parquet; of the list of parts when there are several */
    digest: string
    /** JSON: blobs of the rows in order, Parquet; null when it is one */
    parts: string | null
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
    /** 1: kept by every retention */
    pinned: Generated<number>
    /** when its rows were taken away by the retention */
    purged_at: number | null
  }
  dataset_tags: {
    project: string
    dataset: string
    tag: string
    version: number
    actor: string
    created_at: number
  }
  /** Corrected rows of the quarantine: wherever the source gives the original again, the corrected values take its place. */
  dataset_corrections: {
    id: Generated<number>
    project: string
    dataset: string
    /** in whose quarantine the row was */
    version: number
    /** JSON: column → value as text */
    original: string
    /** JSON: the columns that change → value as text */
    corrected: string
    actor: string
    created_at: number
  }
  /** Quarantined rows that stay aside for good: one by its values, or all of a reason in a version. */
  dataset_discards: {
    id: Generated<number>
    project: string
    dataset: string
    version: number
    /** JSON: column → value as text; null for all rows of the reason */
    original: string | null
    step: number | null
    reason: string | null
    rows: number
    /** why a person has decided so */
    why: string
    actor: string
    created_at: number
  }
}
