import { KedgeError } from '../../errors.ts'
import type { LoggedMetric } from '../../tracking/run-values.ts'
import type { Tracking } from '../../tracking/tracking.ts'
import { runAnswer, runInfo, runText } from './answers.ts'
import { viewTypes } from './experiment-routes.ts'
import { type Fields, readPair } from './fields.ts'
import { metricsJson } from './metrics-json.ts'
import { type MlflowScope, sendJson } from './mlflow-scope.ts'

const statuses = { RUNNING: 1, SCHEDULED: 2, FINISHED: 3, FAILED: 4, KILLED: 5 } as const
const mostRuns = 100

/** The newer name of the field or the older one. */
export const runId = (fields: Fields) => fields.text('run_id') || fields.text('run_uuid') || fields.required('run_id')

const readMetric = (item: Fields): LoggedMetric => {
  const value = item.number('value')
  if (value === undefined)
    throw new KedgeError('invalid_input', {
      what: "Missing value for required parameter 'value'. See the API docs for more information about request parameters.",
    })
  return {
    key: item.required('key'),
    value,
    time: item.integer('timestamp') ?? 0,
    step: item.integer('step') ?? 0,
    modelId: item.text('model_id'),
    datasetName: item.text('dataset_name'),
    datasetDigest: item.text('dataset_digest'),
  }
}

/** The metrics of a batch. Most are plain, and reading those needs no more than a look at their types. */
function readMetrics(fields: Fields): LoggedMetric[] {
  const list = fields.list('metrics')
  const metrics: LoggedMetric[] = []
  for (const item of list) {
    const {
      key,
      value,
      timestamp: time,
      step,
      model_id,
      dataset_name,
      dataset_digest,
    } = item as Record<string, unknown>
    const plain =
      typeof key === 'string' &&
      key !== '' &&
      typeof value === 'number' &&
      Number.isSafeInteger(time) &&
      Number.isSafeInteger(step) &&
      model_id === undefined &&
      dataset_name === undefined &&
      dataset_digest === undefined
    if (!plain) return fields.messages('metrics', readMetric)
    metrics.push({ key, value, time: time as number, step: step as number })
  }
  return metrics
}

/** MLflow's endpoints of runs and what they log. */
export function runRoutes(scope: MlflowScope, tracking: Tracking): void {
  const { runs, values, inputs, history } = tracking

  scope.add('POST', '/mlflow/runs/create', 'tracking.write', async ({ context, project, fields }) => {
    const run = await runs.create(context, {
      project,
      experimentId: fields.required('experiment_id'),
      name: fields.text('run_name'),
      user: fields.text('user_id'),
      startTime: fields.integer('start_time'),
      tags: fields.messages('tags', readPair),
    })
    return { run: runAnswer(run) }
  })
  scope.add('POST', '/mlflow/runs/update', 'tracking.write', async ({ context, project, fields }) => {
    const id = runId(fields)
    await runs.update(context, project, id, {
      status: fields.choice('status', statuses),
      endTime: fields.integer('end_time'),
      name: fields.text('run_name'),
    })
    return { run_info: runInfo(await runs.get(project, id)) }
  })
  scope.add('GET', '/mlflow/runs/get', 'read', async ({ project, fields }) => ({
    run: runAnswer(await runs.get(project, runId(fields))),
  }))
  scope.add('POST', '/mlflow/runs/delete', 'tracking.write', ({ context, project, fields }) =>
    runs.delete(context, project, fields.required('run_id')),
  )
  scope.add('POST', '/mlflow/runs/restore', 'tracking.write', ({ context, project, fields }) =>
    runs.restore(context, project, fields.required('run_id')),
  )
  scope.add('POST', '/mlflow/runs/search', 'read', async ({ project, fields, reply }) => {
    const { items, next } = await runs.search(project, fields.texts('experiment_ids') ?? [], {
      filter: fields.text('filter'),
      orderBy: fields.texts('order_by'),
      view: fields.choice('run_view_type', viewTypes),
      maxResults: fields.integer('max_results'),
      pageToken: fields.text('page_token'),
    })
    const parts = [
      items.length > 0 && `"runs":[${items.map(runText).join()}]`,
      next && `"next_page_token":${JSON.stringify(next)}`,
    ]
    return sendJson(reply, Buffer.from(`{${parts.filter(Boolean).join()}}`))
  })

  scope.add('POST', '/mlflow/runs/log-metric', 'tracking.write', ({ context, project, fields }) =>
    values.log(context, project, runId(fields), { metrics: [readMetric(fields)] }),
  )
  scope.add('POST', '/mlflow/runs/log-parameter', 'tracking.write', ({ context, project, fields }) =>
    values.log(context, project, runId(fields), {
      params: [{ key: fields.required('key'), value: fields.given('value') }],
    }),
  )
  scope.add('POST', '/mlflow/runs/set-tag', 'tracking.write', ({ context, project, fields }) =>
    values.log(context, project, runId(fields), {
      tags: [{ key: fields.required('key'), value: fields.text('value') ?? '' }],
    }),
  )
  scope.add('POST', '/mlflow/runs/delete-tag', 'tracking.write', ({ context, project, fields }) =>
    values.deleteTag(context, project, fields.required('run_id'), fields.required('key')),
  )
  scope.add('POST', '/mlflow/runs/log-batch', 'tracking.write', ({ context, project, fields }) =>
    values.log(context, project, fields.required('run_id'), {
      metrics: readMetrics(fields),
      params: fields.messages('params', readPair),
      tags: fields.messages('tags', readPair),
    }),
  )
  // what clients before MLflow 3 send when they log a model: kept as that client's own tag
  scope.add('POST', '/mlflow/runs/log-model', 'tracking.write', async ({ context, project, fields }) => {
    const id = fields.required('run_id')
    const model = parseModel(fields.required('model_json'))
    const before = (await runs.get(project, id)).tags['mlflow.log-model.history']
    const list = before === undefined ? [] : (JSON.parse(before) as unknown[])
    await values.log(context, project, id, {
      tags: [{ key: 'mlflow.log-model.history', value: JSON.stringify([...list, model]) }],
    })
  })

  scope.add('POST', '/mlflow/runs/log-inputs', 'tracking.write', ({ context, project, fields }) =>
    inputs.log(context, project, fields.required('run_id'), {
      datasets: fields.messages('datasets', (item) => {
        const dataset = item.message('dataset', (set) => ({
          name: set.required('name'),
          digest: set.required('digest'),
          sourceType: set.text('source_type') ?? '',
          source: set.text('source') ?? '',
          schema: set.text('schema') ?? null,
          profile: set.text('profile') ?? null,
        }))
        if (!dataset)
          throw new KedgeError('invalid_input', { what: 'Dataset input must have a dataset associated with it.' })
        return { ...dataset, tags: item.messages('tags', readPair) }
      }),
      models: fields.messages('models', (item) => ({ id: item.required('model_id') })),
    }),
  )
  scope.add('POST', '/mlflow/runs/outputs', 'tracking.write', ({ context, project, fields }) =>
    inputs.logOutputs(
      context,
      project,
      fields.required('run_id'),
      fields.messages('models', (item) => ({ id: item.required('model_id'), step: item.integer('step') })),
    ),
  )
  scope.add('POST', '/mlflow/experiments/search-datasets', 'read', async ({ project, fields }) => {
    const found = await inputs.datasets(project, fields.texts('experiment_ids') ?? [])
    return {
      dataset_summaries: found.map(({ experimentId, name, digest, context }) => ({
        experiment_id: experimentId,
        name,
        digest,
        ...(context === null ? {} : { context }),
      })),
    }
  })

  scope.add('GET', '/mlflow/metrics/get-history', 'read', async ({ project, fields, reply }) => {
    const key = fields.required('metric_key')
    const { points, next } = await history.columns(project, runId(fields), key, {
      maxResults: fields.integer('max_results'),
      pageToken: fields.text('page_token'),
    })
    if (points.steps.length === 0) return {}
    const token = next ? `,"next_page_token":${JSON.stringify(next)}` : ''
    return sendJson(reply, metricsJson('{"metrics":', key, [{ points }], `${token}}`))
  })
  scope.add('GET', '/mlflow/metrics/get-history-bulk', 'read', async ({ project, fields, reply }) => {
    const ids = fields.texts('run_id') ?? []
    if (ids.length === 0)
      throw new KedgeError('invalid_input', { what: 'GetMetricHistoryBulk request must specify at least one run_id.' })
    if (ids.length > mostRuns)
      throw new KedgeError('invalid_input', {
        what: `GetMetricHistoryBulk request cannot specify more than ${mostRuns} run_ids. Received ${ids.length} run_ids.`,
      })
    const key = fields.required('metric_key')
    const found = await history.bulk(project, ids, key, Math.min(fields.integer('max_results') ?? 25_000, 25_000))
    return sendJson(reply, metricsJson('{"metrics":', key, found, '}'))
  })
  scope.add('GET', '/mlflow/metrics/get-history-bulk-interval', 'read', async ({ project, fields, reply }) => {
    const ids = fields.texts('run_ids') ?? []
    if (ids.length === 0)
      throw new KedgeError('invalid_input', { what: "Missing value for required parameter 'run_ids'." })
    if (ids.length > mostRuns)
      throw new KedgeError('invalid_input', {
        what: `GetMetricHistoryBulkInterval request must specify at most ${mostRuns} run_ids. Received ${ids.length} run_ids.`,
      })
    const most = fields.integer('max_results') ?? 2500
    if (most < 1 || most > 2500)
      throw new KedgeError('invalid_input', { what: 'max_results must be between 1 and 2500.' })
    const from = fields.integer('start_step')
    const to = fields.integer('end_step')
    if ((from === undefined) !== (to === undefined))
      throw new KedgeError('invalid_input', {
        what: 'If either start step or end step are specified, both must be specified.',
      })
    if (from !== undefined && from > to!)
      throw new KedgeError('invalid_input', {
        what: `end_step must be greater than start_step. Found start_step=${from} and end_step=${to}.`,
      })
    const key = fields.required('metric_key')
    const found = await history.interval(project, ids, key, most, from, to)
    return sendJson(reply, metricsJson('{"metrics":', key, found, '}'))
  })
}

function parseModel(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new KedgeError(
      'invalid_input',
      { what: `Malformed model info. ${text.slice(0, 100)} is not valid JSON` },
      { cause },
    )
  }
}
