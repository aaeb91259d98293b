import type { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { BlobStore } from '../../contracts/blob-store.ts'
import { KedgeError } from '../../errors.ts'
import { externalEndpointSpec, isExternal } from '../../monitoring/log-endpoint-spec.ts'
import type { ExternalEndpoint } from '../../monitoring/log-endpoints.ts'
import type { LoggedModels } from '../../monitoring/logged-models.ts'
import type { Accounts } from '../../pipelines/accounts.ts'
import { endpointSpec } from '../../serving/endpoint-spec.ts'
import type { Endpoint } from '../../serving/endpoints.ts'
import { neededIn } from '../../serving/release.ts'
import type { ReleaseView } from '../../serving/releases.ts'
import type { Serving } from '../../serving/serving.ts'
import { page, route } from '../route.ts'
import { showExternal } from './external-endpoint-answer.ts'
import * as schemas from './schemas/serving.ts'

const projectParams = z.object({ project: z.string() })
const endpointParams = projectParams.extend({ endpoint: z.string() })
const releaseParams = endpointParams.extend({ release: z.coerce.number().int() })
const project = '/api/v1/projects/:project'
const base = `${project}/endpoints`
const tag = 'serving'

const showRelease = (release: ReleaseView) => ({
  ...release,
  progress: { predictions: release.stages.at(-1)?.predictions ?? 0, needed: neededIn(release.strategy, release.stage) },
})

export interface ServingRoutesDependencies {
  serving: Serving
  blobs: BlobStore
  /** the version behind an alias of a model, null when there is none */
  resolveAlias(project: string, model: string, alias: string): Promise<number | null>
  /** endpoints whose models are served elsewhere */
  logged?: LoggedModels
  /** what predictions cost; nothing is said of it when absent */
  accounts?: Pick<Accounts, 'ofProcessorTime'>
}

/** Endpoints, their revisions and releases, and deploying a model in one call. */
export function servingRoutes(
  app: FastifyInstance,
  { serving, blobs, resolveAlias, logged, accounts }: ServingRoutesDependencies,
): void {
  const showEndpoint = <T extends Pick<Endpoint, 'release' | 'live'>>(endpoint: T) => ({
    ...endpoint,
    cost: accounts?.ofProcessorTime(endpoint.live.cpuSeconds) ?? null,
    release: endpoint.release && showRelease(endpoint.release),
  })

  async function shownExternal(name: string, external: readonly ExternalEndpoint[]) {
    const counts = await logged?.counts(
      name,
      external.map((one) => one.name),
    )
    return external.map((one) => showExternal(one, counts?.get(one.name) ?? 0))
  }

  route(app, {
    method: 'GET',
    url: base,
    permission: 'read',
    summary: 'Endpoints with their traffic and the release in progress',
    tag,
    params: projectParams,
    answer: schemas.endpointList,
    async handler({ params }) {
      const served = (await serving.endpoints.list(params.project)).map(showEndpoint)
      const external = (await logged?.endpoints.list(params.project)) ?? []
      return {
        items: [...served, ...(await shownExternal(params.project, external))].sort((a, b) =>
          a.name < b.name ? -1 : 1,
        ),
      }
    },
  })

  route(app, {
    method: 'GET',
    url: `${base}/:endpoint`,
    permission: 'read',
    summary: 'An endpoint with its revisions, rates and addresses',
    tag,
    params: endpointParams,
    answer: schemas.endpointDetail,
    async handler({ params }) {
      const external = await logged?.endpoints.find(params)
      return external
        ? (await shownExternal(params.project, [external]))[0]!
        : showEndpoint(await serving.endpoints.get(params.project, params.endpoint))
    },
  })

  route(app, {
    method: 'PUT',
    url: `${base}/:endpoint`,
    permission: 'serving.write',
    summary: 'Declares an endpoint; the same declaration again changes nothing',
    tag,
    params: endpointParams,
    body: z.union([endpointSpec, externalEndpointSpec]),
    answer: schemas.endpointDetail,
    async handler({ params, body, actor }) {
      if (logged && isExternal(body)) {
        const declared = await logged.declare({ actor }, params, body as z.output<typeof externalEndpointSpec>)
        return (await shownExternal(params.project, [declared]))[0]!
      }
      await logged?.refuseExternal(params)
      return showEndpoint(
        await serving.endpoints.put({ actor }, params.project, params.endpoint, body as z.output<typeof endpointSpec>),
      )
    },
  })

  route(app, {
    method: 'DELETE',
    url: `${base}/:endpoint`,
    permission: 'serving.write',
    summary: 'Takes an endpoint away; its recorded predictions stay',
    tag,
    params: endpointParams,
    status: 204,
    handler: async (request, reply) => {
      const { params, actor } = request
      if (await logged?.endpoints.find(params)) await logged!.endpoints.delete({ actor }, params)
      else await serving.endpoints.delete({ actor }, params.project, params.endpoint)
      return reply.send()
    },
  })

  route(app, {
    method: 'GET',
    url: `${base}/:endpoint/releases`,
    permission: 'read',
    summary: 'Releases of an endpoint, newest first',
    tag,
    params: endpointParams,
    query: page,
    answer: schemas.releaseList,
    handler: async (request) => {
      const { items, total } = await serving.endpoints.releases(
        request.params.project,
        request.params.endpoint,
        request.query,
      )
      return { items: items.map(showRelease), total }
    },
  })

  route(app, {
    method: 'GET',
    url: `${base}/:endpoint/releases/:release`,
    permission: 'read',
    summary: 'A release with its stages and analyses',
    tag,
    params: releaseParams,
    answer: schemas.release,
    handler: async (request) => showRelease(await serving.releases.get(request.params.project, request.params.release)),
  })

  route(app, {
    method: 'POST',
    url: `${base}/:endpoint/releases`,
    permission: 'serving.write',
    summary: "Starts a release of a version, by the endpoint's strategy or another",
    tag,
    params: endpointParams,
    body: schemas.releaseStart,
    answer: schemas.release,
    status: 201,
    handler: async (request) => {
      const { project: name, endpoint } = request.params
      const { strategy } = request.body
      const model = request.body.model ?? (await serving.endpoints.get(name, endpoint)).model
      const version = await versionOf(name, model, request.body.version)
      return showRelease(
        await serving.releases.start({ actor: request.actor }, name, endpoint, {
          model,
          version,
          ...(strategy ? { strategy } : {}),
        }),
      )
    },
  })

  async function versionOf(name: string, model: string, given: number | string): Promise<number> {
    if (typeof given === 'number') return given
    const version = given.startsWith('@') ? await resolveAlias(name, model, given.slice(1)) : Number(given)
    if (version === null || !Number.isSafeInteger(version))
      throw new KedgeError('not_found', { kind: 'Model version', name: `${model}${given}` })
    return version
  }

  for (const verb of ['promote', 'abort'] as const)
    route(app, {
      method: 'POST',
      url: `${base}/:endpoint/releases/:release/${verb}`,
      permission: 'serving.write',
      summary: verb === 'promote' ? 'Sends the new revision to all callers at once' : 'Takes the new revision out',
      tag,
      params: releaseParams,
      body: schemas.releaseDecision,
      answer: schemas.release,
      handler: async (request) => {
        const { project: name, endpoint, release } = request.params
        return showRelease(
          await serving.releases[verb]({ actor: request.actor }, name, endpoint, release, request.body.reason),
        )
      },
    })

  route(app, {
    method: 'POST',
    url: `${project}/deploy`,
    permission: 'serving.write',
    summary: 'Puts a model on an endpoint: uploaded files, or a registered version. Answers when it is loaded',
    tag,
    params: projectParams,
    body: schemas.deployRequest,
    answer: schemas.deployAnswer,
    handler: async (request) => {
      await logged?.refuseExternal({ project: request.params.project, endpoint: request.body.name })
      const { endpoint, model, version } = await serving.deploy(
        { actor: request.actor },
        request.params.project,
        request.body,
      )
      const revision = endpoint.revisions.find((one) => one.percent > 0)
      const { name, state, addresses, features } = endpoint
      return {
        endpoint: name,
        model,
        version,
        revision: revision?.number ?? 0,
        release: endpoint.release?.id ?? 0,
        state,
        addresses,
        features,
      }
    },
  })

  void app.register(async (scope) => {
    scope.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload))
    route(scope, {
      method: 'POST',
      url: `${project}/uploads`,
      permission: 'serving.write',
      summary: 'Stores the bytes of a file (application/octet-stream) and says its digest, for `deploy`',
      tag,
      params: projectParams,
      answer: schemas.uploadAnswer,
      handler: async (request) => {
        if (request.headers['content-type']?.split(';')[0] !== 'application/octet-stream')
          throw new KedgeError('invalid_input', { what: 'The body must be application/octet-stream' })
        const { digest, bytes } = await blobs.put(request.body as Readable)
        return { digest, bytes }
      },
    })
  })
}
