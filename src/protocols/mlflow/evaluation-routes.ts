import { KedgeError } from '../../errors.ts'
import type { EvaluationDataset } from '../../tracking/evaluation/evaluation-dataset.ts'
import type { EvaluationRecord } from '../../tracking/evaluation/records.ts'
import type { ScorerVersion } from '../../tracking/evaluation/scorers.ts'
import type { Tracking } from '../../tracking/tracking.ts'
import type { Fields } from './fields.ts'
import type { MlflowScope } from './mlflow-scope.ts'

const datasetAnswer = (dataset: EvaluationDataset, experimentIds: string[] = []) => ({
  dataset_id: dataset.id,
  name: dataset.name,
  tags: JSON.stringify(dataset.tags),
  ...(dataset.schema === null ? {} : { schema: dataset.schema }),
  ...(dataset.records === 0 ? {} : { profile: JSON.stringify({ num_records: dataset.records }) }),
  digest: dataset.digest,
  created_time: dataset.createdAt,
  last_update_time: dataset.updatedAt,
  ...(dataset.createdBy === null ? {} : { created_by: dataset.createdBy }),
  ...(dataset.updatedBy === null ? {} : { last_updated_by: dataset.updatedBy }),
  ...(experimentIds.length > 0 ? { experiment_ids: experimentIds } : {}),
})

/** The JSON of a record, put together of JSON: its numbers stay as they were written. */
const recordText = (record: EvaluationRecord): string => {
  const texts: Record<string, string | null> = {
    dataset_record_id: JSON.stringify(record.id),
    dataset_id: JSON.stringify(record.dataset),
    inputs: record.inputs,
    outputs: record.outputs,
    expectations: record.expectations,
    tags: record.tags ?? '{}',
    source: record.source,
    source_type: record.sourceType === null ? null : JSON.stringify(record.sourceType),
    created_time: String(record.createdAt),
    last_update_time: String(record.updatedAt),
    created_by: record.createdBy === null ? null : JSON.stringify(record.createdBy),
    last_updated_by: record.updatedBy === null ? null : JSON.stringify(record.updatedBy),
  }
  const fields = Object.entries(texts).filter(([, text]) => text !== null)
  return `{${fields.map(([name, text]) => `"${name}": ${text}`).join(', ')}}`
}

const scorerAnswer = (scorer: ScorerVersion) => ({
  experiment_id: Number(scorer.experimentId),
  scorer_name: scorer.name,
  scorer_version: scorer.version,
  serialized_scorer: scorer.serialized,
  creation_time: scorer.createdAt,
  scorer_id: scorer.id,
})

const scorersAnswer = (scorers: ScorerVersion[]) => (scorers.length > 0 ? { scorers: scorers.map(scorerAnswer) } : {})

/** Tags come as the JSON of an object. */
function readTags(fields: Fields): Record<string, unknown> {
  const text = fields.text('tags')
  if (!text) return {}
  try {
    const tags = JSON.parse(text)
    if (typeof tags === 'object' && tags !== null && !Array.isArray(tags)) return tags
  } catch {
    // said below
  }
  throw new KedgeError('invalid_input', { what: "The parameter 'tags' must be the JSON of an object" })
}

/** MLflow's endpoints of evaluation datasets and scorers; the clients call them under 3.0. */
export function evaluationRoutes(scope: MlflowScope, { evaluation }: Pick<Tracking, 'evaluation'>): void {
  const { datasets, records, scorers } = evaluation
  const add = (
    method: Parameters<MlflowScope['add']>[0],
    path: string,
    permission: Parameters<MlflowScope['add']>[2],
    handler: Parameters<MlflowScope['add']>[3],
  ) => scope.add(method, `/mlflow/${path}`, permission, handler, '3.0')

  add('POST', 'datasets/create', 'tracking.write', async ({ context, project, fields }) => {
    const experimentIds = fields.texts('experiment_ids') ?? []
    const name = fields.required('name')
    return {
      dataset: datasetAnswer(
        await datasets.create(context, project, { name, experimentIds, tags: readTags(fields) }),
        experimentIds,
      ),
    }
  })
  add(['GET', 'POST'], 'datasets/search', 'read', async ({ project, fields }) => {
    const { items, next } = await datasets.search(project, {
      experimentIds: fields.texts('experiment_ids'),
      filter: fields.text('filter_string'),
      orderBy: fields.texts('order_by'),
      maxResults: fields.integer('max_results'),
      pageToken: fields.text('page_token'),
    })
    return {
      ...(items.length > 0 ? { datasets: items.map((item) => datasetAnswer(item)) } : {}),
      ...(next ? { next_page_token: next } : {}),
    }
  })
  const one = 'datasets/:datasetId'
  add('GET', one, 'read', async ({ project, params }) => ({
    dataset: datasetAnswer(await datasets.get(project, params.datasetId!)),
  }))
  add('DELETE', one, 'tracking.write', ({ context, project, params }) =>
    datasets.delete(context, project, params.datasetId!),
  )
  add('PATCH', `${one}/tags`, 'tracking.write', ({ context, project, params, fields }) => {
    fields.required('tags')
    return datasets.setTags(context, project, params.datasetId!, readTags(fields))
  })
  add('DELETE', `${one}/tags/:key`, 'tracking.write', ({ context, project, params }) =>
    datasets.deleteTag(context, project, params.datasetId!, params.key!),
  )
  add('POST', `${one}/records`, 'tracking.write', async ({ context, project, params, fields }) => {
    const done = await records.upsert(context, project, params.datasetId!, fields.required('records'))
    return { inserted_count: done.inserted, updated_count: done.updated }
  })
  add('GET', `${one}/records`, 'read', async ({ project, params, fields }) => {
    const { items, next } = await records.list(project, params.datasetId!, {
      maxResults: fields.integer('max_results'),
      pageToken: fields.text('page_token'),
    })
    return { records: `[${items.map(recordText).join(', ')}]`, ...(next ? { next_page_token: next } : {}) }
  })
  add('DELETE', `${one}/records`, 'tracking.write', async ({ context, project, params, fields }) => ({
    deleted_count: await records.delete(context, project, params.datasetId!, fields.texts('dataset_record_ids') ?? []),
  }))
  add('GET', `${one}/experiment-ids`, 'read', async ({ project, params }) => {
    const ids = await datasets.experimentIds(project, params.datasetId!)
    return ids.length > 0 ? { experiment_ids: ids } : {}
  })
  add('POST', `${one}/add-experiments`, 'tracking.write', async ({ context, project, params, fields }) => ({
    dataset: datasetAnswer(
      await datasets.addTo(context, project, params.datasetId!, fields.texts('experiment_ids') ?? []),
    ),
  }))
  add('POST', `${one}/remove-experiments`, 'tracking.write', async ({ context, project, params, fields }) => ({
    dataset: datasetAnswer(
      await datasets.removeFrom(context, project, params.datasetId!, fields.texts('experiment_ids') ?? []),
    ),
  }))

  add('POST', 'scorers/register', 'tracking.write', async ({ context, project, fields }) => {
    const scorer = await scorers.register(
      context,
      project,
      fields.required('experiment_id'),
      fields.required('name'),
      fields.required('serialized_scorer'),
    )
    return {
      version: scorer.version,
      scorer_id: scorer.id,
      experiment_id: scorer.experimentId,
      name: scorer.name,
      serialized_scorer: scorer.serialized,
      creation_time: scorer.createdAt,
    }
  })
  add('GET', 'scorers/list', 'read', async ({ project, fields }) => {
    const single = fields.text('experiment_id')
    const several = fields.texts('experiment_ids')
    if (single && several)
      throw new KedgeError('invalid_input', { what: "Cannot specify both 'experiment_id' and 'experiment_ids'." })
    return scorersAnswer(await scorers.list(project, single ? [single] : several))
  })
  add('GET', 'scorers/versions', 'read', async ({ project, fields }) =>
    scorersAnswer(await scorers.versions(project, fields.required('experiment_id'), fields.required('name'))),
  )
  add('GET', 'scorers/get', 'read', async ({ project, fields }) => ({
    scorer: scorerAnswer(
      await scorers.get(project, fields.required('experiment_id'), fields.required('name'), fields.integer('version')),
    ),
  }))
  // scoring of traces as they come is not offered: no scorer has a configuration for it
  add('GET', 'scorers/online-configs', 'read', () => ({ configs: [] }))
  add('PUT', 'scorers/online-config', 'read', () => {
    throw new KedgeError('unsupported', { what: 'Scoring traces as they come' })
  })
  add('DELETE', 'scorers/delete', 'tracking.write', ({ context, project, fields }) =>
    scorers.delete(
      context,
      project,
      fields.required('experiment_id'),
      fields.required('name'),
      fields.integer('version'),
    ),
  )
}
