import { randomUUID } from 'node:crypto'
import { KedgeError } from '../../errors.ts'
import { traceLimits } from '../../tracking/traces/limits.ts'
import type { Assessment } from '../../tracking/traces/trace.ts'
import { fileSpan, readTraceFile } from '../../tracking/traces/trace-file.ts'
import { type Aggregation, mostPoints } from '../../tracking/traces/trace-metrics.ts'
import type { Tracking } from '../../tracking/tracking.ts'
import { numberText } from './answers.ts'
import { joinAssessed, type TakeActuals } from './assessed-actual.ts'
import { type Fields, readPair } from './fields.ts'
import type { MlflowCall, MlflowScope } from './mlflow-scope.ts'
import { spanAnswer } from './otlp/span-answer.ts'
import { assessmentAnswer, oldTraceInfoAnswer, traceInfoAnswer } from './trace-answers.ts'
import { readAssessment, readExpectation, readFeedback, readTexts, readTraceInfo } from './trace-fields.ts'

const oldStates = { TRACE_STATUS_UNSPECIFIED: 0, OK: 1, ERROR: 2, IN_PROGRESS: 3 } as const
const views = { TRACES: 1, SPANS: 2, ASSESSMENTS: 3 } as const
const aggregations = { COUNT: 1, SUM: 2, AVG: 3, PERCENTILE: 4, MIN: 5, MAX: 6 } as const
const invalid = (what: string) => new KedgeError('invalid_input', { what })
const list = <T>(name: string, items: T[]) => (items.length > 0 ? { [name]: items } : {})
const next = (token: string | undefined) => (token ? { next_page_token: token } : {})

/** MLflow's endpoints of traces: version 3, and what clients before it call. */
export function traceRoutes(scope: MlflowScope, tracking: Tracking, takeActuals?: TakeActuals): void {
  const { traces } = tracking
  const answered = async (project: string, assessment: Assessment) => {
    if (takeActuals) await joinAssessed(tracking, takeActuals, project, assessment)
    return { assessment: assessmentAnswer(assessment) }
  }
  const v3: MlflowScope['add'] = (method, path, permission, handler) =>
    scope.add(method, `/mlflow/traces${path}`, permission, handler, '3.0')

  v3('POST', '', 'tracking.write', async ({ context, project, fields }) => {
    const trace = fields.message('trace', (body) =>
      body.message('trace_info', (info) => readTraceInfo(info, Date.now())),
    )
    if (!trace) throw invalid("Missing value for required parameter 'trace'.")
    return { trace: { trace_info: traceInfoAnswer(await traces.start(context, project, trace)) } }
  })
  v3('GET', '/get', 'read', async ({ project, fields }) => {
    const { info, spans } = await traces.get(
      project,
      fields.required('trace_id'),
      fields.truth('allow_partial') ?? false,
    )
    return { trace: { trace_info: traceInfoAnswer(info), spans: spans.map(spanAnswer) } }
  })
  v3(['GET', 'POST'], '/batchGet', 'read', async ({ project, fields }) => {
    const found = await traces.load(project, traceIds(fields))
    return list(
      'traces',
      found.filter(inExperiments(fields, ({ info }) => info.experimentId)).map(({ info, spans }) => ({
        trace_info: traceInfoAnswer(info),
        spans: spans.map(spanAnswer),
      })),
    )
  })
  v3('POST', '/batchGetInfos', 'read', async ({ project, fields }) => {
    const found = await traces.infos(project, traceIds(fields))
    return list('trace_infos', found.filter(inExperiments(fields, (info) => info.experimentId)).map(traceInfoAnswer))
  })
  v3('POST', '/search', 'read', async ({ project, fields }) => {
    const locations = fields.messages('locations', (location) =>
      location.message('mlflow_experiment', (experiment) => experiment.required('experiment_id')),
    )
    if (locations.length === 0) throw invalid("Missing value for required parameter 'locations'.")
    const { items, next: token } = await traces.search(
      project,
      locations.filter((id) => id !== undefined),
      searchQuery(fields),
    )
    return { ...list('traces', items.map(traceInfoAnswer)), ...next(token) }
  })
  v3('POST', '/calculate-filter-correlation', 'read', async ({ project, fields }) => {
    const found = await traces.correlate(project, fields.texts('experiment_ids') ?? [], {
      first: fields.required('filter_string1'),
      second: fields.required('filter_string2'),
      base: fields.text('base_filter'),
    })
    return {
      npmi: numberText(found.npmi),
      npmi_smoothed: numberText(found.smoothed),
      filter1_count: found.first,
      filter2_count: found.second,
      joint_count: found.joint,
      total_count: found.total,
    }
  })
  v3('POST', '/metrics', 'read', async ({ project, fields }) => {
    const metric = fields.required('metric_name')
    const points = await traces.metrics(project, fields.texts('experiment_ids') ?? [], {
      metric,
      view: fields.choice('view_type', views) ?? 'TRACES',
      aggregations: fields.messages('aggregations', readAggregation),
      dimensions: fields.texts('dimensions') ?? [],
      filters: fields.texts('filters') ?? [],
      interval: fields.integer('time_interval_seconds'),
      from: fields.integer('start_time_ms'),
      to: fields.integer('end_time_ms'),
      limit: fields.integer('max_results') ?? mostPoints,
    })
    return list(
      'data_points',
      points.map((point) => ({ metric_name: metric, ...point })),
    )
  })
  v3('GET', '/:traceId', 'read', async ({ project, params }) => ({
    trace: { trace_info: traceInfoAnswer(await traces.info(project, params.traceId!)) },
  }))

  const assessments = '/:traceId/assessments'
  v3('POST', assessments, 'tracking.write', async ({ context, project, params, fields }) => {
    const assessment = fields.message('assessment', readAssessment)
    if (!assessment) throw invalid("Missing value for required parameter 'assessment'.")
    return answered(project, await traces.assessments.create(context, project, params.traceId!, assessment))
  })
  v3('GET', `${assessments}/:assessmentId`, 'read', async ({ project, params }) => ({
    assessment: assessmentAnswer(await traces.assessments.get(project, params.traceId!, params.assessmentId!)),
  }))
  v3('PATCH', `${assessments}/:assessmentId`, 'tracking.write', async ({ context, project, params, fields }) => {
    const update = fields.message('assessment', (assessment) => readUpdate(assessment, updateMask(fields)))
    if (!update) throw invalid("Missing value for required parameter 'assessment'.")
    return answered(
      project,
      await traces.assessments.update(context, project, params.traceId!, params.assessmentId!, update),
    )
  })
  v3('DELETE', `${assessments}/:assessmentId`, 'tracking.write', ({ context, project, params }) =>
    traces.assessments.delete(context, project, params.traceId!, params.assessmentId!),
  )

  for (const version of ['2.0', '3.0'] as const) {
    const add: MlflowScope['add'] = (method, path, permission, handler) =>
      scope.add(method, `/mlflow/traces${path}`, permission, handler, version)
    add('PATCH', '/:traceId/tags', 'tracking.write', ({ context, project, params, fields }) =>
      traces.setTag(context, project, params.traceId!, fields.required('key'), fields.text('value') ?? ''),
    )
    add('DELETE', '/:traceId/tags', 'tracking.write', ({ context, project, params, fields }) =>
      traces.deleteTag(context, project, params.traceId!, fields.required('key')),
    )
    add('POST', '/delete-traces', 'tracking.write', async ({ context, project, fields }) => ({
      traces_deleted: await traces.delete(context, project, fields.required('experiment_id'), {
        ids: fields.texts('request_ids') ?? fields.texts('trace_ids'),
        until: fields.integer('max_timestamp_millis'),
        most: fields.integer('max_traces'),
      }),
    }))
    add('POST', '/link-to-run', 'tracking.write', ({ context, project, fields }) =>
      traces.linkToRun(context, project, fields.texts('trace_ids') ?? [], fields.required('run_id')),
    )
    add('POST', '/link-prompts', 'tracking.write', ({ context, project, fields }) =>
      traces.linkPrompts(
        context,
        project,
        fields.required('trace_id'),
        fields.messages('prompt_versions', (prompt) => ({
          name: prompt.required('name'),
          version: String(prompt.integer('version') ?? prompt.required('version')),
        })),
      ),
    )
  }

  oldRoutes(scope, traces)
  for (const version of ['2.0', '3.0'])
    scope.plain('GET', `/ajax-api/${version}/mlflow/get-trace-artifact`, 'read', (call) => sendSpans(call, tracking))
}

/** What clients before MLflow 3 call: a trace is started, then ended; its spans are a file. */
function oldRoutes(scope: MlflowScope, traces: Tracking['traces']) {
  const pairsOf = (fields: Fields, name: string) =>
    Object.fromEntries(fields.messages(name, readPair).map(({ key, value }) => [key, value]))
  scope.add('POST', '/mlflow/traces', 'tracking.write', async ({ context, project, fields }) => ({
    trace_info: oldTraceInfoAnswer(
      await traces.start(context, project, {
        id: `tr-${randomUUID().replaceAll('-', '')}`,
        experimentId: fields.required('experiment_id'),
        time: fields.integer('timestamp_ms') ?? Date.now(),
        duration: null,
        state: 'IN_PROGRESS',
        tags: pairsOf(fields, 'tags'),
        metadata: pairsOf(fields, 'request_metadata'),
      }),
    ),
  }))
  scope.add('PATCH', '/mlflow/traces/:traceId', 'tracking.write', async ({ context, project, params, fields }) => {
    const state = fields.choice('status', oldStates) ?? 'TRACE_STATUS_UNSPECIFIED'
    return {
      trace_info: oldTraceInfoAnswer(
        await traces.end(context, project, params.traceId!, {
          time: fields.integer('timestamp_ms') ?? Date.now(),
          state: state === 'TRACE_STATUS_UNSPECIFIED' ? 'STATE_UNSPECIFIED' : state,
          tags: pairsOf(fields, 'tags'),
          metadata: pairsOf(fields, 'request_metadata'),
        }),
      ),
    }
  })
  scope.add('GET', '/mlflow/traces/:traceId/info', 'read', async ({ project, params }) => ({
    trace_info: oldTraceInfoAnswer(await traces.info(project, params.traceId!)),
  }))
  scope.add('GET', '/mlflow/traces', 'read', async ({ project, fields }) => {
    const { items, next: token } = await traces.search(
      project,
      fields.texts('experiment_ids') ?? [],
      searchQuery(fields),
    )
    return { ...list('traces', items.map(oldTraceInfoAnswer)), ...next(token) }
  })
}

/** The spans of a trace as the file `traces.json` has them. */
async function sendSpans({ project, fields }: MlflowCall, { traces, artifacts }: Tracking) {
  const { info, spans } = await traces.get(project, fields.text('request_id') || fields.required('trace_id'), true)
  return { spans: (spans.length > 0 ? spans : await readTraceFile(artifacts, project, info)).map(fileSpan) }
}

function readAggregation(fields: Fields): Aggregation {
  const type = fields.choice('aggregation_type', aggregations)
  if (!type) throw invalid("Missing value for required parameter 'aggregation_type'.")
  if (type !== 'PERCENTILE') return { type }
  const percentile = fields.number('percentile_value')
  if (percentile === undefined || !(percentile >= 0 && percentile <= 100))
    throw invalid(`Percentile value must be between 0 and 100, got ${percentile}`)
  return { type, percentile }
}

const searchQuery = (fields: Fields) => ({
  filter: fields.text('filter'),
  orderBy: fields.texts('order_by'),
  maxResults: fields.integer('max_results'),
  pageToken: fields.text('page_token'),
})

function traceIds(fields: Fields): string[] {
  const ids = fields.texts('trace_ids') ?? []
  if (ids.length === 0) throw invalid("Missing value for required parameter 'trace_ids'.")
  if (ids.length > traceLimits.batchGet)
    throw invalid(`At most ${traceLimits.batchGet} traces can be asked for at once, got ${ids.length}.`)
  return [...new Set(ids)]
}

/** A batch may be limited to some experiments. */
function inExperiments<T>(fields: Fields, experimentOf: (item: T) => string) {
  const wanted = fields.has('experiment_ids') ? new Set(fields.texts('experiment_ids')) : undefined
  return (item: T) => wanted === undefined || wanted.has(experimentOf(item))
}

/** A FieldMask: in JSON one text, `a,b`, in camel or snake case. */
function updateMask(fields: Fields): Set<string> {
  const paths = fields.isText('update_mask')
    ? fields.required('update_mask').split(',')
    : (fields.message('update_mask', (mask) => mask.texts('paths') ?? []) ?? [])
  const names = paths.map((path) => path.trim().replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
  if (names.length === 0) throw invalid("Missing value for required parameter 'update_mask'.")
  return new Set(names)
}

const readUpdate = (assessment: Fields, mask: Set<string>) => ({
  name: mask.has('assessment_name') ? (assessment.text('assessment_name') ?? '') : undefined,
  feedback: mask.has('feedback') ? assessment.message('feedback', readFeedback) : undefined,
  expectation: mask.has('expectation') ? assessment.message('expectation', readExpectation) : undefined,
  rationale: mask.has('rationale') ? (assessment.text('rationale') ?? '') : undefined,
  metadata: mask.has('metadata') ? readTexts(assessment, 'metadata') : undefined,
})
