export type IssueStatus = 'pending' | 'rejected' | 'resolved'
export type IssueSeverity = 'not_an_issue' | 'low' | 'medium' | 'high'
export type LabelType = 'FEEDBACK' | 'EXPECTATION'
export type QueueType = 'USER' | 'CUSTOM'
export type ReviewStatus = 'PENDING' | 'COMPLETE' | 'DECLINED'

export interface ReviewTables {
  /** What is wrong with traces of an experiment. */
  issues: {
    /** `iss-` and 32 hex digits */
    id: string
    project: string
    experiment: string
    name: string
    description: string
    status: IssueStatus
    severity: IssueSeverity | null
    /** JSON: texts */
    root_causes: string
    categories: string
    source_run: string | null
    created_by: string | null
    created_at: number
    updated_at: number
  }
  /** Questions that reviewers answer of a trace. */
  label_schemas: {
    /** `ls-` and 32 hex digits */
    id: string
    project: string
    experiment: string
    name: string
    type: LabelType
    instruction: string | null
    enable_comment: number
    /** JSON: how it is answered */
    input: string
    is_default: number
    created_at: number
    updated_at: number
  }
  review_queues: {
    /** `rq-` and 32 hex digits */
    id: string
    project: string
    experiment: string
    name: string
    /** in lower case: names that differ by case are the same */
    name_key: string
    type: QueueType
    created_by: string | null
    /** JSON: names */
    users: string
    /** JSON: ids of label schemas */
    schemas: string
    created_at: number
    updated_at: number
  }
  /** Traces in queues. */
  review_items: {
    queue: string
    item: string
    status: ReviewStatus
    completed_by: string | null
    completed_at: number | null
    created_at: number
    updated_at: number
  }
}
