import type { Readable } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { BlobStore } from '../../contracts/blob-store.ts'
import { KedgeError } from '../../errors.ts'
import type { LoggedItem } from '../../monitoring/log-rows.ts'
import type { LoggedModels } from '../../monitoring/logged-models.ts'
import type { EndpointKey } from '../../monitoring/stale.ts'
import { route } from '../route.ts'
import { isStream, tableTypes, withReceivedFile } from './receive-file.ts'
import * as schemas from './schemas/log.ts'

const endpointParams = z.object({ project: z.string(), endpoint: z.string() })
const base = '/api/v1/projects/:project/endpoints/:endpoint'
const tag = 'monitoring'
const most = 50_000

export interface LogRoutesDependencies {
  logged: LoggedModels
  blobs: BlobStore
  /** digest of a dataset version's Parquet file. Errors: `not_found` */
  datasetFile(
    project: string,
    dataset: string,
    version: 'latest' | number,
  ): Promise<{ digest: string; version: number }>
}

/** What models that are served elsewhere have predicted, and actuals of any endpoint: row by row, or whole files. */
export function logRoutes(app: FastifyInstance, { logged, blobs, datasetFile }: LogRoutesDependencies): void {
  const by = ({ actor }: { actor: string }) => ({ actor })

  /** Many rows in one body, in a form that the engine reads by itself. */
  const takeBody = (request: FastifyRequest, key: EndpointKey, kind: 'predictions' | 'actuals') =>
    withReceivedFile(logged.folder, { body: request.body as Readable, contentType: contentTypeOf(request) }, (file) =>
      logged.take(by(request), key, file, { kind, columns: {} }),
    )

  void app.register(async (scope) => {
    scope.addContentTypeParser(Object.keys(tableTypes), (_request, payload, done) => done(null, payload))

    route(scope, {
      method: 'POST',
      url: `${base}/predictions`,
      permission: 'actuals.write',
      summary:
        'Records predictions that were made elsewhere: a list, or many rows as application/x-ndjson, text/csv, application/vnd.apache.parquet or application/vnd.apache.arrow.stream. The endpoint is made when it does not exist',
      tag,
      params: endpointParams,
      answer: schemas.logAnswer,
      async handler(request) {
        const { params } = request
        if (isStream(request.body)) {
          const { rows, actuals, unknown } = await takeBody(request, params, 'predictions')
          return { accepted: rows, actuals, unknown, ids: [] }
        }
        const items = itemsOf(schemas.predictionsLogged, request.body) as LoggedItem[]
        const key = request.headers['idempotency-key']
        return {
          unknown: 0,
          ...(await logged.log(by(request), params, items, typeof key === 'string' ? key : undefined)),
        }
      },
    })

    route(scope, {
      method: 'POST',
      url: `${base}/actuals`,
      permission: 'actuals.write',
      summary:
        'What really happened, by prediction id: in any order, late, repeated or corrected. A list, or many rows in the forms that predictions have',
      tag,
      params: endpointParams,
      answer: schemas.actualsAnswer,
      async handler(request) {
        const { params } = request
        if (isStream(request.body)) {
          const { rows, unknown, changed } = await takeBody(request, params, 'actuals')
          return { accepted: rows, unknown, changed }
        }
        return logged.actuals(
          params,
          itemsOf(schemas.actualsLogged, request.body) as { id?: unknown; value?: unknown }[],
        )
      },
    })
  })

  route(app, {
    method: 'GET',
    url: `${base}/actuals/unknown`,
    permission: 'read',
    summary: 'Actuals whose prediction has not come yet',
    tag,
    params: endpointParams,
    answer: schemas.unknownActuals,
    handler: ({ params }) => logged.unknownActuals(params),
  })

  route(app, {
    method: 'GET',
    url: `${base}/logged`,
    permission: 'read',
    summary: 'An endpoint whose model is served elsewhere: its versions and what they are compared with',
    tag,
    params: endpointParams,
    answer: schemas.externalEndpoint,
    async handler({ params }) {
      const endpoint = await logged.endpoints.find(params)
      if (!endpoint) throw new KedgeError('not_found', { kind: 'External endpoint', name: params.endpoint })
      const [versions, references] = await Promise.all([logged.versions.list(params), logged.references.list(params)])
      return { ...endpoint, versions, references }
    },
  })

  route(app, {
    method: 'GET',
    url: `${base}/logged-explanations/:id`,
    permission: 'read',
    summary: 'What each feature added to a prediction, as whoever made it explained it',
    tag,
    params: endpointParams.extend({ id: z.string() }),
    answer: z.object({ items: z.array(schemas.loggedExplanation) }),
    handler: async ({ params }) => ({ items: await logged.explanations.of(params, params.id) }),
  })

  route(app, {
    method: 'POST',
    url: `${base}/logged-explanations`,
    permission: 'actuals.write',
    summary: 'Keeps explanations that their caller made beside the predictions of the same ids',
    tag,
    params: endpointParams,
    body: z.strictObject({ items: z.array(schemas.loggedExplanation).min(1).max(50_000) }),
    answer: z.object({ accepted: z.number() }),
    async handler({ params, body }) {
      await logged.explanations.log(params, body.items)
      return { accepted: body.items.length }
    },
  })

  route(app, {
    method: 'PUT',
    url: `${base}/reference`,
    permission: 'monitoring.write',
    summary:
      'Compares an endpoint whose model is served elsewhere with a dataset version, and evaluates its windows anew',
    tag,
    params: endpointParams,
    body: schemas.referenceRequest,
    answer: z.object({ references: z.array(schemas.loggedReference) }),
    async handler(request) {
      const { params, body } = request
      const { digest, version } = await datasetFile(params.project, body.dataset, body.version)
      await logged.setReference(by(request), params, { ...body, digest, version })
      return { references: await logged.references.list(params) }
    },
  })

  route(app, {
    method: 'POST',
    url: `${base}/log`,
    permission: 'actuals.write',
    summary:
      'Has a stored file of predictions, actuals or reference rows taken in by a job, or says how it would be read',
    tag,
    params: endpointParams,
    body: schemas.logFileRequest,
    answer: schemas.logFileAnswer,
    async handler(request) {
      const { dryRun, ...file } = request.body
      if (dryRun) return { jobId: null, plan: await logged.plan(request.params, file) }
      return { jobId: await logged.enqueue(by(request), request.params, file), plan: null }
    },
  })

  storedFileRoutes(app, blobs)
}

/** Files that are to be taken in; one that is there need not be sent again. */
function storedFileRoutes(app: FastifyInstance, blobs: BlobStore) {
  const url = '/api/v1/projects/:project/log-files'
  route(app, {
    method: 'GET',
    url: `${url}/:digest`,
    permission: 'actuals.write',
    summary: 'Whether the bytes of a file are stored',
    tag,
    params: z.object({ project: z.string(), digest: schemas.storedFile.shape.digest }),
    answer: schemas.storedFile,
    async handler({ params }) {
      const found = await blobs.stat(params.digest)
      if (!found) throw new KedgeError('not_found', { kind: 'File', name: params.digest })
      return { digest: found.digest, bytes: found.bytes }
    },
  })
  void app.register(async (scope) => {
    scope.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload))
    route(scope, {
      method: 'POST',
      url,
      permission: 'actuals.write',
      summary: 'Stores the bytes of a file (application/octet-stream) and says its digest',
      tag,
      params: z.object({ project: z.string() }),
      answer: schemas.storedFile,
      async handler(request) {
        if (!isStream(request.body))
          throw new KedgeError('invalid_input', { what: 'The body must be application/octet-stream' })
        const { digest, bytes } = await blobs.put(request.body)
        return { digest, bytes }
      },
    })
  })
}

const contentTypeOf = (request: FastifyRequest) =>
  (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()

/** The rows of a JSON body. Errors: `invalid_input`, `too_large` beyond 50,000. */
function itemsOf(schema: z.ZodType<unknown[] | { items: unknown[] }>, body: unknown): unknown[] {
  const parsed = schema.safeParse(body)
  if (!parsed.success)
    throw new KedgeError(
      'invalid_input',
      { what: 'The body must be a list with at least one row, or {"items": […]}' },
      { places: [{ where: 'body', what: 'is neither' }] },
    )
  const items = Array.isArray(parsed.data) ? parsed.data : parsed.data.items
  if (items.length > most)
    throw new KedgeError(
      'too_large',
      { what: 'A list', limit: `${most} rows` },
      { todo: 'Send several lists, or many rows at once as application/x-ndjson or Parquet.' },
    )
  return items
}
