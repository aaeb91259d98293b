import { KedgeError } from '../../errors.ts'
import type { NewAssessment } from '../../tracking/traces/assessments.ts'
import type { AssessmentError } from '../../tracking/traces/trace.ts'
import type { NewTrace } from '../../tracking/traces/traces.ts'
import type { Fields } from './fields.ts'

export const states = { STATE_UNSPECIFIED: 0, OK: 1, ERROR: 2, IN_PROGRESS: 3 } as const
const sources = { SOURCE_TYPE_UNSPECIFIED: 0, HUMAN: 1, LLM_JUDGE: 2, CODE: 3, AI_JUDGE: 4 } as const

const invalid = (what: string) => new KedgeError('invalid_input', { what })

/** A protobuf Timestamp in JSON (RFC 3339), in milliseconds. */
export function readTime(fields: Fields, name: string): number | undefined {
  const text = fields.text(name)
  if (text === undefined) return undefined
  const time = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text.replace(/(\.\d{3})\d+/, '$1')) : Number.NaN
  if (Number.isNaN(time))
    throw invalid(`Invalid value for parameter '${name}': it must be a time like 2026-01-31T12:00:00.000Z`)
  return time
}

/** A protobuf Duration in JSON, in milliseconds. */
export function readDuration(fields: Fields, name: string): number | undefined {
  const text = fields.text(name)
  if (text === undefined) return undefined
  if (!/^-?\d{1,12}(\.\d{1,9})?s$/.test(text))
    throw invalid(`Invalid value for parameter '${name}': it must be a duration like 1.5s`)
  return Math.round(Number.parseFloat(text) * 1000)
}

/** A map of texts. */
export function readTexts(fields: Fields, name: string): Record<string, string> {
  return (
    fields.message(name, (map) => {
      const texts = Object.create(null) as Record<string, string>
      for (const key of map.names()) texts[key] = map.text(key) ?? ''
      return texts
    }) ?? {}
  )
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new KedgeError(
      'invalid_input',
      { what: 'The serialized value of the expectation is not valid JSON' },
      { cause },
    )
  }
}

const readError = (error: Fields): AssessmentError => ({
  code: error.text('error_code') ?? '',
  message: error.text('error_message') ?? null,
  stack: error.text('stack_trace') ?? null,
})

export const readFeedback = (feedback: Fields) => ({
  value: feedback.any('value') ?? null,
  error: feedback.message('error', readError) ?? null,
})

export function readExpectation(expectation: Fields): { value: unknown } {
  const serialized = expectation.message('serialized_value', (value) => {
    const format = value.text('serialization_format')
    if (format !== 'JSON_FORMAT')
      throw invalid(`Unknown serialization format: ${format}. Only JSON_FORMAT is supported.`)
    return { value: parsed(value.text('value') ?? 'null') }
  })
  return serialized ?? { value: expectation.any('value') ?? null }
}

/** MLflow's Assessment. */
export function readAssessment(fields: Fields): NewAssessment {
  const feedback = fields.message('feedback', readFeedback)
  const expectation = fields.message('expectation', readExpectation)
  const issue = fields.message('issue', (value) => ({ value: value.text('issue_name') ?? '' }))
  const value = feedback ?? expectation ?? issue
  if (!value || [feedback, expectation, issue].filter(Boolean).length > 1)
    throw invalid('An assessment must have exactly one of feedback, expectation and issue.')
  return {
    id: fields.text('assessment_id'),
    kind: feedback ? 'feedback' : expectation ? 'expectation' : 'issue',
    name: fields.required('assessment_name'),
    value: value.value,
    error: feedback?.error,
    source: fields.message('source', (source) => ({
      type: source.choice('source_type', sources) ?? 'SOURCE_TYPE_UNSPECIFIED',
      id: source.text('source_id'),
    })) ?? { type: 'SOURCE_TYPE_UNSPECIFIED' },
    spanId: fields.text('span_id'),
    rationale: fields.text('rationale'),
    metadata: readTexts(fields, 'metadata'),
    overrides: fields.text('overrides'),
    valid: fields.truth('valid'),
    createdAt: readTime(fields, 'create_time'),
    updatedAt: readTime(fields, 'last_update_time'),
  }
}

/** MLflow's TraceInfoV3. */
export function readTraceInfo(fields: Fields, now: number): NewTrace {
  const experimentId = fields.message('trace_location', (location) =>
    location.message('mlflow_experiment', (experiment) => experiment.required('experiment_id')),
  )
  if (!experimentId)
    throw invalid(
      "Missing value for required parameter 'trace.trace_info.trace_location.mlflow_experiment.experiment_id'.",
    )
  return {
    id: fields.required('trace_id'),
    experimentId,
    time: readTime(fields, 'request_time') ?? now,
    duration: readDuration(fields, 'execution_duration') ?? null,
    state: fields.choice('state', states) ?? 'STATE_UNSPECIFIED',
    clientRequestId: fields.text('client_request_id'),
    requestPreview: fields.text('request_preview'),
    responsePreview: fields.text('response_preview'),
    tags: readTexts(fields, 'tags'),
    metadata: readTexts(fields, 'trace_metadata'),
    assessments: fields.messages('assessments', readAssessment),
  }
}
