import type { Tracking } from '../../tracking/tracking.ts'
import { experimentAnswer } from './answers.ts'
import { readPair } from './fields.ts'
import type { MlflowScope } from './mlflow-scope.ts'

export const viewTypes = { ACTIVE_ONLY: 1, DELETED_ONLY: 2, ALL: 3 } as const

/** MLflow's endpoints of experiments. */
export function experimentRoutes(scope: MlflowScope, { experiments }: Tracking): void {
  scope.add('POST', '/mlflow/experiments/create', 'tracking.write', async ({ context, project, fields }) => {
    const tags = Object.fromEntries(fields.messages('tags', readPair).map((tag) => [tag.key, tag.value]))
    const id = await experiments.create(context, project, fields.required('name'), {
      artifactLocation: fields.text('artifact_location'),
      tags,
    })
    return { experiment_id: id }
  })
  scope.add(['POST', 'GET'], '/mlflow/experiments/search', 'read', async ({ project, fields }) => {
    const { items, next } = await experiments.search(project, {
      filter: fields.text('filter'),
      orderBy: fields.texts('order_by'),
      view: fields.choice('view_type', viewTypes),
      maxResults: fields.integer('max_results'),
      pageToken: fields.text('page_token'),
    })
    return {
      ...(items.length > 0 ? { experiments: items.map(experimentAnswer) } : {}),
      ...(next ? { next_page_token: next } : {}),
    }
  })
  scope.add('GET', '/mlflow/experiments/get', 'read', async ({ project, fields }) => {
    await experiments.ensureDefault(project)
    return { experiment: experimentAnswer(await experiments.get(project, fields.required('experiment_id'))) }
  })
  scope.add('GET', '/mlflow/experiments/get-by-name', 'read', async ({ project, fields }) => {
    await experiments.ensureDefault(project)
    return { experiment: experimentAnswer(await experiments.getByName(project, fields.required('experiment_name'))) }
  })
  scope.add('POST', '/mlflow/experiments/update', 'tracking.write', async ({ context, project, fields }) => {
    const name = fields.text('new_name')
    if (name !== undefined) await experiments.rename(context, project, fields.required('experiment_id'), name)
  })
  scope.add('POST', '/mlflow/experiments/delete', 'tracking.write', ({ context, project, fields }) =>
    experiments.delete(context, project, fields.required('experiment_id')),
  )
  scope.add('POST', '/mlflow/experiments/restore', 'tracking.write', ({ context, project, fields }) =>
    experiments.restore(context, project, fields.required('experiment_id')),
  )
  scope.add('POST', '/mlflow/experiments/set-experiment-tag', 'tracking.write', ({ context, project, fields }) =>
    experiments.setTag(
      context,
      project,
      fields.required('experiment_id'),
      fields.required('key'),
      fields.given('value'),
    ),
  )
  scope.add('POST', '/mlflow/experiments/delete-experiment-tag', 'tracking.write', ({ context, project, fields }) =>
    experiments.deleteTag(context, project, fields.required('experiment_id'), fields.required('key')),
  )
}
