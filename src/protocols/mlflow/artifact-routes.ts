import { basename } from 'node:path/posix'
import type { Readable } from 'node:stream'
import type { Registry } from '../../registry/registry.ts'
import { artifactPath, artifactRoot, joinPath } from '../../tracking/artifact-path.ts'
import type { Tracking } from '../../tracking/tracking.ts'
import { filesAnswer } from './answers.ts'
import type { MlflowCall, MlflowScope } from './mlflow-scope.ts'
import { runId } from './run-routes.ts'
import { sendFile } from './send-file.ts'

/** Reading what runs and models hold. */
export function artifactRoutes(scope: MlflowScope, tracking: Tracking, registry: Registry): void {
  const { artifacts, runs } = tracking

  scope.add('GET', '/mlflow/artifacts/list', 'read', async ({ project, fields }) => {
    const run = await runs.get(project, runId(fields))
    const inside = artifactPath(fields.text('path') ?? '')
    const entries = await artifacts.list(project, joinPath(artifactRoot(run.artifactUri), inside))
    return { root_uri: run.artifactUri, ...filesAnswer(entries, (entry) => joinPath(inside, entry.name)) }
  })

  const getArtifact = async (call: MlflowCall) => {
    const run = await runs.get(call.project, runId(call.fields))
    const path = joinPath(artifactRoot(run.artifactUri), artifactPath(call.fields.required('path')))
    return sendFile(call, artifacts, path)
  }
  const getVersionArtifact = async (call: MlflowCall) => {
    const { fields, project } = call
    const version = await registry.versions.get(project, fields.required('name'), fields.integer('version') ?? 0)
    const root = await registry.versions.artifactRoot(project, version)
    return sendFile(call, artifacts, joinPath(root, artifactPath(fields.required('path'))))
  }
  const getModelArtifact = async (call: MlflowCall) => {
    const model = await tracking.loggedModels.get(call.project, call.params.modelId!)
    return sendFile(
      call,
      artifacts,
      joinPath(artifactRoot(model.artifactUri), artifactPath(call.fields.required('artifact_file_path'))),
    )
  }
  for (const prefix of ['', '/ajax-api/2.0/mlflow']) {
    scope.plain('GET', `${prefix}/get-artifact`, 'read', getArtifact)
    scope.plain('GET', `${prefix}/model-versions/get-artifact`, 'read', getVersionArtifact)
  }
  scope.plain('GET', '/ajax-api/2.0/mlflow/logged-models/:modelId/artifacts/files', 'read', getModelArtifact)
}

/** The artifact proxy: what `mlflow-artifacts:/…` addresses resolve to. Bodies stream, whatever their type. */
export function artifactProxyRoutes(scope: MlflowScope, { artifacts }: Tracking): void {
  const path = '/mlflow-artifacts/artifacts'
  scope.add('GET', path, 'read', async ({ project, fields }) =>
    filesAnswer(await artifacts.list(project, fields.text('path') ?? ''), (entry) => basename(entry.path)),
  )
  scope.add('GET', `${path}/*`, 'read', (call) => sendFile(call, artifacts, call.params['*']!))
  scope.add('PUT', `${path}/*`, 'tracking.write', async ({ context, project, params, request }) => {
    await artifacts.put(context, project, params['*']!, (request.body as Readable | undefined) ?? Buffer.alloc(0))
  })
  scope.add('DELETE', `${path}/*`, 'tracking.write', ({ context, project, params }) =>
    artifacts.delete(context, project, params['*']!),
  )
}
