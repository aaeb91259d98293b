import type { Assessment, TraceInfo } from '../../tracking/traces/trace.ts'
import { pairs } from './answers.ts'

const some = (name: string, value: unknown) => (value === null || value === undefined ? {} : { [name]: value })
const time = (milliseconds: number) => new Date(milliseconds).toISOString()
const notEmpty = (name: string, record: Record<string, string>) =>
  Object.keys(record).length > 0 ? { [name]: record } : {}

/** MLflow's Assessment. */
export const assessmentAnswer = (assessment: Assessment) => ({
  assessment_id: assessment.id,
  assessment_name: assessment.name,
  trace_id: assessment.traceId,
  ...some('span_id', assessment.spanId),
  source: { source_type: assessment.source.type, ...some('source_id', assessment.source.id) },
  create_time: time(assessment.createdAt),
  last_update_time: time(assessment.updatedAt),
  ...valueAnswer(assessment),
  ...some('rationale', assessment.rationale),
  ...some('metadata', assessment.metadata),
  ...some('overrides', assessment.overrides),
  valid: assessment.valid,
})

function valueAnswer({ kind, value, error }: Assessment) {
  if (kind === 'issue') return { issue: { issue_name: String(value) } }
  if (kind === 'expectation')
    return {
      expectation:
        typeof value === 'object' && value !== null
          ? { serialized_value: { serialization_format: 'JSON_FORMAT', value: JSON.stringify(value) } }
          : { value },
    }
  return {
    feedback: {
      value,
      ...(error
        ? {
            error: {
              error_code: error.code,
              ...some('error_message', error.message),
              ...some('stack_trace', error.stack),
            },
          }
        : {}),
    },
  }
}

/** MLflow's TraceInfoV3. */
export const traceInfoAnswer = (info: TraceInfo) => ({
  trace_id: info.id,
  ...some('client_request_id', info.clientRequestId),
  trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: info.experimentId } },
  ...some('request_preview', info.requestPreview),
  ...some('response_preview', info.responsePreview),
  request_time: time(info.time),
  ...(info.duration === null ? {} : { execution_duration: `${info.duration / 1000}s` }),
  state: info.state,
  ...notEmpty('trace_metadata', info.metadata),
  ...(info.assessments.length > 0 ? { assessments: info.assessments.map(assessmentAnswer) } : {}),
  ...notEmpty('tags', info.tags),
})

/** MLflow's TraceInfo of before version 3. */
export const oldTraceInfoAnswer = (info: TraceInfo) => ({
  request_id: info.id,
  experiment_id: info.experimentId,
  timestamp_ms: info.time,
  ...some('execution_time_ms', info.duration),
  status: info.state === 'STATE_UNSPECIFIED' ? 'TRACE_STATUS_UNSPECIFIED' : info.state,
  ...(Object.keys(info.metadata).length > 0 ? { request_metadata: pairs(info.metadata) } : {}),
  ...(Object.keys(info.tags).length > 0 ? { tags: pairs(info.tags) } : {}),
})
