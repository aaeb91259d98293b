/** Times are milliseconds since 1970: event time of `day`, Kedge's clock of `computed_at`. */
export interface ExplanationTables {
  /** Days of a revision whose recorded rows were explained; `day` is 0 for the reference of a model version (`scope`). */
  explained_days: {
    project: string
    /** `endpoint/NAME` or `model/NAME/VERSION` */
    scope: string
    day: number
    revision: number
    /** which rows of the events store are those of this explanation */
    computed_at: number
    /** `failed` is tried again, `unsupported` is not until there are other rows */
    state: 'explained' | 'failed' | 'unsupported'
    /** why there is no explanation */
    reason: string | null
    /** rows that the sample was drawn from, and rows of it that were explained */
    rows: number
    samples: number
    /** largest residual of the rows */
    residual: number | null
    /** JSON of ExplanationDefinition with `features` and `base` */
    definition: string | null
    /** JSON of the drift against the reference, or why there is none */
    drift: string | null
  }
  /** Permutation importance and partial dependence of a model version on its reference. */
  model_profiles: {
    project: string
    model: string
    version: number
    /** digests of the model's folder and of the reference that were profiled */
    inputs: string
    computed_at: number
    /** JSON of ModelProfile */
    result: string
  }
}
