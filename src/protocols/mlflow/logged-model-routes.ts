import { artifactPath, artifactRoot, joinPath } from '../../tracking/artifact-path.ts'
import { loggedModelStatuses } from '../../tracking/logged-models.ts'
import type { Tracking } from '../../tracking/tracking.ts'
import { filesAnswer, loggedModelAnswer } from './answers.ts'
import { readPair } from './fields.ts'
import type { MlflowScope } from './mlflow-scope.ts'

const statuses = Object.fromEntries(loggedModelStatuses.map((name, i) => [name, i + 1])) as Record<
  (typeof loggedModelStatuses)[number],
  number
>

/** MLflow's endpoints of logged models. */
export function loggedModelRoutes(scope: MlflowScope, { loggedModels, artifacts }: Tracking): void {
  const path = '/mlflow/logged-models'

  scope.add('POST', path, 'tracking.write', async ({ context, project, fields }) => ({
    model: loggedModelAnswer(
      await loggedModels.create(context, project, {
        experimentId: fields.required('experiment_id'),
        name: fields.text('name'),
        type: fields.text('model_type'),
        sourceRun: fields.text('source_run_id'),
        params: fields.messages('params', readPair),
        tags: fields.messages('tags', readPair),
      }),
    ),
  }))
  scope.add('POST', `${path}/search`, 'read', async ({ project, fields }) => {
    const { items, next } = await loggedModels.search(project, {
      experimentIds: fields.texts('experiment_ids') ?? [],
      filter: fields.text('filter'),
      datasets: fields.messages('datasets', (item) => ({
        name: item.required('dataset_name'),
        digest: item.text('dataset_digest'),
      })),
      orderBy: fields.messages('order_by', (item) => ({
        field: item.required('field_name'),
        ascending: item.truth('ascending'),
        datasetName: item.text('dataset_name'),
        datasetDigest: item.text('dataset_digest'),
      })),
      maxResults: fields.integer('max_results'),
      pageToken: fields.text('page_token'),
    })
    return {
      ...(items.length > 0 ? { models: items.map(loggedModelAnswer) } : {}),
      ...(next ? { next_page_token: next } : {}),
    }
  })
  scope.add('GET', `${path}/:modelId`, 'read', async ({ project, params, fields }) => ({
    model: loggedModelAnswer(await loggedModels.get(project, params.modelId!, fields.truth('allow_deleted') ?? false)),
  }))
  scope.add('PATCH', `${path}/:modelId`, 'tracking.write', async ({ context, project, params, fields }) => ({
    model: loggedModelAnswer(
      await loggedModels.finalize(
        context,
        project,
        params.modelId!,
        fields.choice('status', statuses) ?? 'LOGGED_MODEL_READY',
      ),
    ),
  }))
  scope.add('DELETE', `${path}/:modelId`, 'tracking.write', ({ context, project, params }) =>
    loggedModels.delete(context, project, params.modelId!),
  )
  scope.add('PATCH', `${path}/:modelId/tags`, 'tracking.write', async ({ context, project, params, fields }) => ({
    model: loggedModelAnswer(
      await loggedModels.setTags(context, project, params.modelId!, fields.messages('tags', readPair)),
    ),
  }))
  scope.add('DELETE', `${path}/:modelId/tags/:key`, 'tracking.write', ({ context, project, params }) =>
    loggedModels.deleteTag(context, project, params.modelId!, params.key!),
  )
  scope.add('POST', `${path}/:modelId/params`, 'tracking.write', ({ context, project, params, fields }) =>
    loggedModels.logParams(context, project, params.modelId!, fields.messages('params', readPair)),
  )
  scope.add('GET', `${path}/:modelId/artifacts/directories`, 'read', async ({ project, params, fields }) => {
    const model = await loggedModels.get(project, params.modelId!)
    const inside = artifactPath(fields.text('artifact_directory_path') ?? '')
    const entries = await artifacts.list(project, joinPath(artifactRoot(model.artifactUri), inside))
    return { root_uri: model.artifactUri, ...filesAnswer(entries, (entry) => joinPath(inside, entry.name)) }
  })
}
