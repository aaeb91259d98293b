export interface CostTables {
  /** The state of the folder that a pipeline was declared from. */
  pipeline_code: {
    project: string
    pipeline: string
    /** of the pipeline that it belongs to: another pipeline under the name has another */
    digest: string
    /** JSON of a CodeState */
    state: string
    /** blob of the differences to the commit */
    diff: string | null
    updated_at: number
  }
  /** What an attempt of a step ran with, and what it cost. */
  metered_steps: {
    run: number
    step: string
    attempt: number
    project: string
    tracking_run: string | null
    /** JSON of StepRecord */
    facts: string
    /** in the currency of `facts`; null while it runs, or when it was not metered to its end */
    cost: number | null
  }
}
