import type { BlobStore } from '../contracts/blob-store.ts'
import { type ModelKind, modelKindOf } from '../contracts/model-kind.ts'
import { KedgeError } from '../errors.ts'
import { artifactPath, artifactRoot, checkAddress, joinPath } from '../tracking/artifact-path.ts'
import type { Tracking } from '../tracking/tracking.ts'

export interface ModelFolder {
  /** digest of the folder's manifest, as `putFolder` would give it */
  digest: string
  bytes: number
  kind: ModelKind | null
}

export type RegisteredName =
  | { model: string; version: string; alias?: never }
  | { model: string; version?: never; alias: string }

/** The version of a registered model that `models:/name/version` or `models:/name@alias` names. */
export function registeredSource(source: string): RegisteredName | undefined {
  const [, model, mark, rest] = /^models:\/+([^/@]+)([/@])([^/]+)\/*$/.exec(source) ?? []
  if (model === undefined || rest === undefined || /^m-[0-9a-f]{32}$/.test(model)) return undefined
  return mark === '@' ? { model, alias: rest } : { model, version: rest }
}

/** Errors: `invalid_input` for an address that would climb out of where it points, or that names another server. */
export function checkSource(source: string): void {
  checkAddress(source, 'model version source')
  if (/^(https?|ftp|sftp):/i.test(source))
    throw new KedgeError('invalid_input', {
      what: `Invalid model version source: '${source.slice(0, 200).replace(/\/\/[^@/]*@/, '//')}'. An address by which another host would be called cannot be registered; log the model first.`,
    })
  if (/^models:\/\/[^/]/.test(source) || /^runs:\/\/[^/]/.test(source))
    throw new KedgeError('invalid_input', {
      what: `Invalid model version source: '${source.slice(0, 200)}'. It must name what is on this server.`,
    })
}

/**
 * The path in the project's artifacts that a version's source names: `mlflow-artifacts:/…`, `runs:/RUN/path`,
 * `models:/m-…`. Null for addresses elsewhere (a bucket): kept, never opened. Errors: `invalid_input` for a local path.
 */
export async function sourceRoot(tracking: Tracking, project: string, source: string): Promise<string | null> {
  const scheme = /^([A-Za-z][\w+.-]*):/.exec(source)?.[1]?.toLowerCase()
  if (scheme === 'mlflow-artifacts') return artifactRoot(source)
  if (scheme === 'runs') {
    const [, run, path] = /^runs:\/+([^/]+)\/*(.*)$/.exec(source) ?? []
    return run
      ? joinPath(artifactRoot((await tracking.runs.get(project, run)).artifactUri), artifactPath(path ?? ''))
      : null
  }
  const logged = /^models:\/+(m-[^/@]+)\/*(.*)$/.exec(source)
  if (logged)
    return joinPath(
      artifactRoot((await tracking.loggedModels.get(project, logged[1]!)).artifactUri),
      artifactPath(logged[2]!),
    )
  if (scheme === undefined || scheme === 'file' || scheme.length === 1)
    throw new KedgeError('invalid_input', {
      what: `Invalid model version source: '${source.slice(0, 200)}'. A path on a machine cannot be registered; log the model first.`,
    })
  return null
}

/** Makes a folder in the blob store of the files below an artifact path; undefined when there are none. */
export async function folderOfArtifacts(
  tracking: Tracking,
  blobs: BlobStore,
  project: string,
  root: string,
): Promise<ModelFolder | undefined> {
  const list = await tracking.artifacts.files(project, root)
  if (list.length === 0) return undefined
  const files = Object.fromEntries(
    list
      .sort((a, b) => (a.path < b.path ? -1 : 1))
      .map(({ path, digest, bytes }) => [path, { digest, bytes: Number(bytes) }]),
  )
  const { digest } = await blobs.put(Buffer.from(JSON.stringify({ files })))
  const kind = modelKindOf(files) ?? null
  return { digest, bytes: list.reduce((sum, file) => sum + Number(file.bytes), 0), kind }
}

/** What a registration says that its files came from. */
export interface SourceOwner {
  runId?: string | undefined
  modelId?: string | undefined
}

/** Errors: `invalid_input` when the source is not within the logged model, or else the run, that it is said to be of. */
export async function checkOwner(
  tracking: Tracking,
  project: string,
  source: string,
  owner: SourceOwner,
): Promise<void> {
  if (!owner.runId && !owner.modelId) return
  const refuse = () =>
    new KedgeError('invalid_input', {
      what: `Invalid model version source: '${source.slice(0, 200)}'. The ${owner.modelId ? 'model_id' : 'run_id'} request parameter must identify the resource that contains the source.`,
    })
  const run = /^runs:\/+([^/]+)/.exec(source)?.[1]
  const model = /^models:\/+(m-[0-9a-f]{32})(?:\/|$)/.exec(source)?.[1]
  if (
    owner.modelId
      ? run !== undefined || (model ?? owner.modelId) !== owner.modelId
      : (run ?? owner.runId) !== owner.runId
  )
    throw refuse()
  if (!source.startsWith('mlflow-artifacts:')) return
  const { artifactUri } = await (owner.modelId
    ? tracking.loggedModels.get(project, owner.modelId)
    : tracking.runs.get(project, owner.runId!)
  ).catch(() => {
    throw refuse()
  })
  const root = artifactUri.startsWith('mlflow-artifacts:') ? artifactRoot(artifactUri) : undefined
  const inside = artifactRoot(source)
  if (root === undefined || (inside !== root && !inside.startsWith(`${root}/`))) throw refuse()
}
