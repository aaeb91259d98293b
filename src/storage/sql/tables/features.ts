import type { Generated } from 'kysely'

export interface FeatureTables {
  /** feature views and training sets of a project */
  feature_declarations: {
    project: string
    kind: 'feature_view' | 'training_set'
    name: string
    /** JSON */
    spec: string
    spec_digest: string
    created_at: number
    updated_at: number
  }
  /** rows that the lookups of a view begin with; what landed since comes on top */
  feature_bases: {
    id: Generated<number>
    project: string
    view: string
    /** names what the rows are a function of, but for how far they reach */
    generation: string
    /** blob, Parquet */
    digest: string
    /** JSON: what the columns of the rows mean */
    plan: string
    /** the version of the dataset that it was made of; null before there is one */
    version: number | null
    /** sequence of the first landed row that is not in it; null where rows come with versions alone */
    position: number | null
    entities: number
    rows: number
    /** time of the newest row, milliseconds since 1970 */
    newest: number | null
    created_at: number
  }
  /** OpenLineage events that were taken, so that one that is sent again is taken once */
  lineage_events: {
    project: string
    /** digest of run, job, type and time */
    key: string
    received_at: number
  }
  /** how far served values were from those of training, by the newest comparison */
  feature_skews: {
    project: string
    view: string
    feature: string
    endpoint: string
    /** predictions that were compared */
    samples: number
    /** of them, whose values differ */
    different: number
    /** mean of the absolute differences of numbers; null for others */
    mean_difference: number | null
    computed_at: number
  }
}
