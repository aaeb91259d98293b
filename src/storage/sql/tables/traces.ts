import type { Generated } from 'kysely'

export type TraceState = 'STATE_UNSPECIFIED' | 'OK' | 'ERROR' | 'IN_PROGRESS'
export type AssessmentKind = 'feedback' | 'expectation' | 'issue'

interface TraceValue {
  trace: number
  key: string
  value: string
}

/** Inside the store a trace is a number, so that the rows of its spans are small; its `id` is what callers see. */
export interface TraceTables {
  traces: {
    number: Generated<number>
    project: string
    /** `tr-` and 32 hex digits, or what the caller chose; unique in the project */
    id: string
    experiment: number
    /** when it began */
    time: number
    /** milliseconds; null while it goes on */
    duration: number | null
    state: TraceState
    client_request_id: string | null
    request_preview: string | null
    response_preview: string | null
    /** id of the run that was active when it was made */
    source_run: string | null
    /** the conversation that it is part of */
    session: string | null
    /** 1 when its client has said what it is: spans that come later change none of that */
    finalized: number
  }
  trace_tags: TraceValue
  trace_metadata: TraceValue
  /** Traces that were linked to runs afterwards, by the run's id. */
  trace_runs: { trace: number; run: string }
  /** Versions of prompts that a trace used, as `name/version`. */
  trace_prompts: { trace: number; prompt: string }
  spans: {
    trace: number
    /** 16 hex digits */
    id: string
    parent: string | null
    name: string
    type: string
    status: 'UNSET' | 'OK' | 'ERROR'
    /** microseconds since 1970, to order by; the document has the exact nanoseconds */
    started: number
    /** likewise; null while it goes on */
    ended: number | null
    /** the language model that was asked, and who offers it */
    model: string | null
    provider: string | null
    /** US dollars */
    input_cost: number | null
    output_cost: number | null
    total_cost: number | null
    /** JSON: `SpanDocument` */
    content: string
  }
  assessments: {
    trace: number
    id: string
    kind: AssessmentKind
    name: string
    /** JSON */
    value: string
    /** the value, when it is a number or a truth value */
    number: number | null
    /** JSON: {code, message, stack} */
    error: string | null
    source_type: string
    source_id: string | null
    span: string | null
    rationale: string | null
    /** JSON: texts by key */
    metadata: string | null
    /** id of the assessment that this one replaces */
    overrides: string | null
    /** 0 when another one replaces it */
    valid: number
    created_at: number
    updated_at: number
  }
}
