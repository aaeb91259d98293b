import { modelKindOf } from '../contracts/model-kind.ts'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { ChangeContext } from '../journal/journal.ts'
import { isSafePath } from '../storage/blobs/folder.ts'
import { releaseStrategy } from './endpoint-spec.ts'
import type { EndpointDetail, Endpoints } from './endpoints.ts'
import type { Releases } from './releases.ts'
import type { RevisionReports } from './revision-reports.ts'
import type { ServingRegistry } from './serving-registry.ts'

export interface DeployInput {
  /** of the endpoint, and of the model that files become a version of */
  name: string
  /** path in the model's folder → digest of a blob that is there */
  files?: Record<string, string> | undefined
  /** `NAME@ALIAS`, `NAME/VERSION`, with or without `models:/` */
  model?: string | undefined
}

export interface Deployed {
  endpoint: EndpointDetail
  model: string
  version: number
}

const atOnce = releaseStrategy.parse({ shadow: false, canary: [], analyse: [] })
const patience = 30_000

/** A model on an endpoint in one call, answering every caller as soon as it is loaded. */
export function createDeploy(deps: {
  environment: Pick<Environment, 'blobs' | 'store'>
  registry: ServingRegistry
  endpoints: Endpoints
  releases: Releases
  reports: RevisionReports
}) {
  const { registry, endpoints, releases, reports } = deps
  const { blobs } = deps.environment

  async function register(context: ChangeContext, project: string, name: string, given: Record<string, string>) {
    const paths = Object.keys(given)
    const only = paths.length === 1 && paths[0]!.endsWith('.onnx') ? paths[0] : undefined
    const files: Record<string, { digest: string; bytes: number }> = {}
    for (const path of paths.sort()) {
      if (!isSafePath(path))
        throw new KedgeError('invalid_input', { what: `files: ${path} is no path inside a folder` })
      const stored = await blobs.stat(given[path]!)
      if (!stored) throw new KedgeError('not_found', { kind: 'Blob', name: given[path]! })
      files[path === only ? 'model.onnx' : path] = { digest: stored.digest, bytes: stored.bytes }
    }
    const kind = modelKindOf(files)
    if (!kind)
      throw new KedgeError('invalid_input', {
        what: 'files: neither an ONNX model (model.onnx) nor a folder saved by MLflow (MLmodel) nor one that says who serves it (kedge-serve.json)',
      })
    const { digest } = await blobs.put(Buffer.from(JSON.stringify({ files })))
    await registry.models.ensure(context, project, name)
    const [latest] = await registry.versions.list(project, name, { limit: 1, offset: 0 })
    // the same files again are the same version
    if (latest?.digest === digest) return { model: name, version: latest.version }
    await registry.check(digest, kind)
    const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0)
    const { version } = await registry.versions.create(context, project, name, {
      artifact: { digest, kind, bytes },
      datasetVersions: [],
    })
    return { model: name, version }
  }

  async function resolve(project: string, reference: string) {
    const [, model, separator, which] = /^(?:models:\/+)?([^/@]+)([/@])(.+)$/.exec(reference) ?? []
    if (!model || !which)
      throw new KedgeError('invalid_input', {
        what: `"${reference}" names no version: write NAME@ALIAS or NAME/VERSION`,
      })
    const version = separator === '@' ? await registry.aliases.resolve(project, model, which) : Number(which)
    if (version === null || !Number.isSafeInteger(version))
      throw new KedgeError('not_found', { kind: 'Model version', name: reference })
    return { model, version: (await registry.versions.get(project, model, version)).version }
  }

  /** Resolves when an inference process has it ready, or can never have it, or after half a minute. */
  async function settled(project: string, name: string): Promise<EndpointDetail> {
    const deadline = performance.now() + patience
    for (;;) {
      const endpoint = await endpoints.get(project, name)
      const over = endpoint.release?.state !== 'running'
      if (over || performance.now() > deadline) return endpoint
      await new Promise<void>((done) => {
        const timer = setTimeout(finish, 100)
        const unsubscribe = reports.subscribe(finish)
        function finish() {
          clearTimeout(timer)
          unsubscribe()
          done()
        }
      })
    }
  }

  /** Errors: `invalid_input`, `not_found`, `model_unloadable` when the inference process cannot load it. */
  return async function deploy(context: ChangeContext, project: string, input: DeployInput): Promise<Deployed> {
    if ((input.files === undefined) === (input.model === undefined))
      throw new KedgeError('invalid_input', { what: 'Give either files or model' })
    const source = input.files
      ? await register(context, project, input.name, input.files)
      : await resolve(project, input.model!)
    const there = await endpoints.get(project, input.name).catch(() => undefined)
    if (!there) await endpoints.put(context, project, input.name, { model: source.model })
    const live = (await endpoints.get(project, input.name)).revisions.find((revision) => revision.percent === 100)
    if (live?.model !== source.model || live.version !== source.version)
      await releases.start(context, project, input.name, { ...source, strategy: atOnce })
    const endpoint = await settled(project, input.name)
    const { release } = endpoint
    if (release?.state === 'rolled_back' && release.version === source.version)
      throw new KedgeError('model_unloadable', { what: release.reason ?? 'the inference process refused it' })
    return { endpoint, ...source }
  }
}
