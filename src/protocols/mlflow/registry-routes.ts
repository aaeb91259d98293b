import { KedgeError } from '../../errors.ts'
import type { ModelVersion } from '../../registry/model-version.ts'
import type { RegisteredModel } from '../../registry/registered-model.ts'
import type { Registry } from '../../registry/registry.ts'
import { stages } from '../../registry/version-stages.ts'
import { pairs } from './answers.ts'
import { type Fields, readPair } from './fields.ts'
import type { MlflowScope } from './mlflow-scope.ts'

const reason = "By MLflow's client"

const versionAnswer = (version: ModelVersion) => ({
  name: version.model,
  version: String(version.version),
  creation_timestamp: version.createdAt,
  last_updated_timestamp: version.updatedAt,
  ...(version.user === null ? {} : { user_id: version.user }),
  current_stage: version.stage,
  ...(version.description === null ? {} : { description: version.description }),
  source: version.source,
  ...(version.runId === null ? {} : { run_id: version.runId }),
  status: version.status,
  ...(version.statusMessage === null ? {} : { status_message: version.statusMessage }),
  ...(Object.keys(version.tags).length > 0 ? { tags: pairs(version.tags) } : {}),
  ...(version.runLink === null ? {} : { run_link: version.runLink }),
  ...(version.aliases.length > 0 ? { aliases: version.aliases } : {}),
  ...(version.modelId === null ? {} : { model_id: version.modelId }),
})

const modelAnswer = (model: RegisteredModel, latest: ModelVersion[]) => ({
  name: model.name,
  creation_timestamp: model.createdAt,
  last_updated_timestamp: model.updatedAt,
  ...(model.description === null ? {} : { description: model.description }),
  ...(latest.length > 0 ? { latest_versions: latest.map(versionAnswer) } : {}),
  ...(Object.keys(model.tags).length > 0 ? { tags: pairs(model.tags) } : {}),
  ...(Object.keys(model.aliases).length > 0
    ? { aliases: Object.entries(model.aliases).map(([alias, version]) => ({ alias, version: String(version) })) }
    : {}),
})

const readVersion = (fields: Fields): number => {
  const text = fields.has('version') ? String(fields.integer('version')) : fields.required('version')
  return Number(text)
}

/** MLflow's endpoints of registered models, versions and aliases. */
export function registryRoutes(scope: MlflowScope, { models, versions, aliases }: Registry): void {
  const answer = async (project: string, name: string) =>
    modelAnswer(await models.get(project, name), await versions.latest(project, [name]))
  const page = (fields: Fields) => ({
    filter: fields.text('filter'),
    orderBy: fields.texts('order_by'),
    maxResults: fields.integer('max_results'),
    pageToken: fields.text('page_token'),
  })

  scope.add('POST', '/mlflow/registered-models/create', 'registry.write', async ({ context, project, fields }) => {
    const name = fields.required('name')
    await models.create(context, project, name, {
      description: fields.text('description') ?? null,
      tags: fields.messages('tags', readPair),
    })
    return { registered_model: await answer(project, name) }
  })
  scope.add('GET', '/mlflow/registered-models/get', 'read', async ({ project, fields }) => ({
    registered_model: await answer(project, fields.required('name')),
  }))
  scope.add('GET', '/mlflow/registered-models/search', 'read', async ({ project, fields }) => {
    const { items, next } = await models.search(project, page(fields))
    const latest = Map.groupBy(
      await versions.latest(
        project,
        items.map((model) => model.name),
      ),
      (version) => version.model,
    )
    const found = items.map((model) => modelAnswer(model, latest.get(model.name) ?? []))
    return { ...(found.length > 0 ? { registered_models: found } : {}), ...(next ? { next_page_token: next } : {}) }
  })
  scope.add('PATCH', '/mlflow/registered-models/update', 'registry.write', async ({ context, project, fields }) => {
    const name = fields.required('name')
    await models.describe(context, project, name, fields.text('description') ?? null)
    return { registered_model: await answer(project, name) }
  })
  scope.add('POST', '/mlflow/registered-models/rename', 'registry.write', async ({ context, project, fields }) => {
    const name = fields.required('new_name')
    await models.rename(context, project, fields.required('name'), name)
    return { registered_model: await answer(project, name) }
  })
  scope.add('DELETE', '/mlflow/registered-models/delete', 'registry.write', ({ context, project, fields }) =>
    models.delete(context, project, fields.required('name')),
  )
  scope.add('POST', '/mlflow/registered-models/set-tag', 'registry.write', ({ context, project, fields }) =>
    models.setTag(context, project, fields.required('name'), {
      key: fields.required('key'),
      value: fields.text('value') ?? '',
    }),
  )
  scope.add('DELETE', '/mlflow/registered-models/delete-tag', 'registry.write', ({ context, project, fields }) =>
    models.deleteTag(context, project, fields.required('name'), fields.required('key')),
  )
  scope.add(['POST', 'GET'], '/mlflow/registered-models/get-latest-versions', 'read', async ({ project, fields }) => {
    const name = fields.required('name')
    await models.get(project, name)
    const wanted = (fields.texts('stages') ?? []).map((stage) => {
      const known = stages.find((one) => one.toLowerCase() === stage.toLowerCase())
      if (!known)
        throw new KedgeError('invalid_input', {
          what: `Invalid Model Version stage: ${stage}. Value must be one of ${stages.join(', ')}.`,
        })
      return known
    })
    const found = (await versions.latest(project, [name]))
      .filter((version) => wanted.length === 0 || wanted.some((stage) => stage === version.stage))
      .sort((a, b) => a.version - b.version)
    return found.length > 0 ? { model_versions: found.map(versionAnswer) } : {}
  })
  scope.add('POST', '/mlflow/registered-models/alias', 'registry.write', ({ context, project, fields }) =>
    aliases.move(context, project, fields.required('name'), fields.required('alias'), readVersion(fields), reason),
  )
  scope.add('DELETE', '/mlflow/registered-models/alias', 'registry.write', ({ context, project, fields }) =>
    aliases.remove(context, project, fields.required('name'), fields.required('alias'), reason),
  )
  scope.add('GET', '/mlflow/registered-models/alias', 'read', async ({ project, fields }) => {
    const name = fields.required('name')
    const alias = fields.required('alias')
    await models.get(project, name)
    const version =
      alias.toLowerCase() === 'latest'
        ? (await models.get(project, name)).latestVersion
        : await aliases.resolve(project, name, alias)
    if (version === null) throw new KedgeError('invalid_input', { what: `Registered model alias ${alias} not found.` })
    return { model_version: versionAnswer(await versions.get(project, name, version)) }
  })

  scope.add('POST', '/mlflow/model-versions/create', 'registry.write', async ({ context, project, fields }) => ({
    model_version: versionAnswer(
      await versions.register(context, project, fields.required('name'), {
        source: fields.required('source'),
        runId: fields.text('run_id'),
        runLink: fields.text('run_link'),
        modelId: fields.text('model_id'),
        description: fields.text('description'),
        tags: fields.messages('tags', readPair),
      }),
    ),
  }))
  scope.add('GET', '/mlflow/model-versions/get', 'read', async ({ project, fields }) => ({
    model_version: versionAnswer(await versions.get(project, fields.required('name'), readVersion(fields))),
  }))
  scope.add('GET', '/mlflow/model-versions/search', 'read', async ({ project, fields }) => {
    const { items, next } = await versions.search(project, page(fields))
    return {
      ...(items.length > 0 ? { model_versions: items.map(versionAnswer) } : {}),
      ...(next ? { next_page_token: next } : {}),
    }
  })
  scope.add('PATCH', '/mlflow/model-versions/update', 'registry.write', async ({ context, project, fields }) => {
    const name = fields.required('name')
    const version = readVersion(fields)
    await versions.update(context, project, name, version, { description: fields.text('description') })
    return { model_version: versionAnswer(await versions.get(project, name, version)) }
  })
  scope.add(
    'POST',
    '/mlflow/model-versions/transition-stage',
    'registry.write',
    async ({ context, project, fields }) => {
      const name = fields.required('name')
      const version = readVersion(fields)
      await versions.transition(
        context,
        project,
        name,
        version,
        fields.required('stage'),
        fields.truth('archive_existing_versions') ?? false,
      )
      return { model_version: versionAnswer(await versions.get(project, name, version)) }
    },
  )
  scope.add('DELETE', '/mlflow/model-versions/delete', 'registry.write', ({ context, project, fields }) =>
    versions.delete(context, project, fields.required('name'), readVersion(fields)),
  )
  scope.add('POST', '/mlflow/model-versions/set-tag', 'registry.write', ({ context, project, fields }) =>
    versions.setTag(context, project, fields.required('name'), readVersion(fields), {
      key: fields.required('key'),
      value: fields.text('value') ?? '',
    }),
  )
  scope.add('DELETE', '/mlflow/model-versions/delete-tag', 'registry.write', ({ context, project, fields }) =>
    versions.deleteTag(context, project, fields.required('name'), readVersion(fields), fields.required('key')),
  )
  scope.add('GET', '/mlflow/model-versions/get-download-uri', 'read', async ({ project, fields }) => {
    const version = await versions.get(project, fields.required('name'), readVersion(fields))
    const elsewhere = /^(s3|gs|gcs|abfss?|wasbs?|https?|hdfs|dbfs):/i.test(version.source)
    return {
      artifact_uri: elsewhere ? version.source : `mlflow-artifacts:/${await versions.artifactRoot(project, version)}`,
    }
  })
}
