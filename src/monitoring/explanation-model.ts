import { join } from 'node:path'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import { createModelFolders } from '../registry/model-folders.ts'
import { findEndpoint, specOf } from '../serving/endpoint-rows.ts'
import type { ExplainableModel } from '../serving/explain/explanation.ts'
import type { EndpointKey } from './stale.ts'

/** The model behind a revision, as far as explaining needs it. */
export interface ExplainedVersion {
  model: string
  version: number
  /** digest of the model's folder, and which runtime runs it */
  artifact: string
  kind: string
  /** digest of the reference; null without one */
  reference: string | null
}

/** Which models answer, and where they lie on this machine. */
export interface ExplanationModels {
  /** The revisions of an endpoint that Kedge serves; none of one that is served elsewhere. */
  revisions(key: EndpointKey): Promise<Map<number, ExplainedVersion>>
  /** Features that stand on record masked: recorded rows do not say what the model saw. */
  masked(key: EndpointKey): Promise<string[]>
  /** Errors: `not_found`, `conflict` for a version without a model folder. */
  version(project: string, model: string, version: number): Promise<ExplainedVersion>
  /** Fetches the folder. */
  folder(version: ExplainedVersion): Promise<ExplainableModel>
}

export function createExplanationModels(
  environment: Pick<Environment, 'store' | 'blobs' | 'dataDirectory'>,
): ExplanationModels {
  const { store, dataDirectory } = environment
  const folderOf = createModelFolders(environment)
  const endpointOf = ({ project, endpoint }: EndpointKey) =>
    findEndpoint(store.read, project, endpoint).catch((error: unknown) => {
      if (error instanceof KedgeError && error.code === 'not_found') return undefined
      throw error
    })

  return {
    async revisions(key) {
      const endpoint = await endpointOf(key)
      if (!endpoint) return new Map()
      const rows = await store.read
        .selectFrom('revisions')
        .leftJoin('model_versions', (join) =>
          join
            .on('model_versions.project', '=', key.project)
            .onRef('model_versions.model', '=', 'revisions.model')
            .onRef('model_versions.version', '=', 'revisions.version'),
        )
        .select(['number', 'revisions.model', 'revisions.version', 'artifact', 'revisions.kind', 'reference'])
        .where('endpoint_id', '=', endpoint.id)
        .execute()
      return new Map(rows.map(({ number, ...found }) => [number, found]))
    },
    async masked(key) {
      const endpoint = await endpointOf(key)
      return endpoint ? Object.keys(specOf(endpoint).record.personal) : []
    },
    async version(project, model, version) {
      const row = await store.read
        .selectFrom('model_versions')
        .select(['digest', 'kind', 'reference'])
        .where('project', '=', project)
        .where('model', '=', model)
        .where('version', '=', version)
        .executeTakeFirst()
      if (!row) throw new KedgeError('not_found', { kind: 'Model version', name: `${model}/${version}` })
      if (row.digest === null || row.kind === null)
        throw new KedgeError('conflict', { what: `${model} version ${version} has no model that Kedge can run` })
      return { model, version, artifact: row.digest, kind: row.kind, reference: row.reference }
    },
    async folder({ artifact, kind }) {
      return {
        kind,
        artifact,
        folder: await folderOf(artifact),
        environments: join(dataDirectory, 'environments', 'models'),
      }
    },
  }
}
