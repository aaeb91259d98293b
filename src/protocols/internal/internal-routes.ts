import type { FastifyInstance, FastifyReply } from 'fastify'
import { z } from 'zod'
import type { BlobStore } from '../../contracts/blob-store.ts'
import type { OnlineFeatures } from '../../data/feature/online-features.ts'
import { KedgeError } from '../../errors.ts'
import type { Caller } from '../../governance/tokens.ts'
import type { BackgroundRows } from '../../serving/explain/explanation.ts'
import { inferenceReport } from '../../serving/inference-report.ts'
import type { Serving } from '../../serving/serving.ts'
import { route } from '../route.ts'

export interface InternalRoutesDependencies {
  serving: Serving
  blobs: BlobStore
  /** Resolves when the rows of the records are durable; repeating a token changes nothing. */
  ingest(records: Buffer, token: string): Promise<void>
  /** rows of a feature view that landed from a position on */
  landed?: OnlineFeatures['rowsSince']
  identify(authorization: string | undefined): Promise<Caller | undefined>
  /** rows over which explanations of a version average; absent: the few of its reference that serving knows */
  background?(project: string, model: string, version: number): Promise<BackgroundRows | undefined>
}

const tag = 'internal'
const permission = 'internal' as const

/** The calls of inference processes to control; they need the secret that the processes of an installation share. */
export function internalRoutes(
  app: FastifyInstance,
  { serving, blobs, ingest, identify, background, landed }: InternalRoutesDependencies,
): void {
  /** Aborted when nobody waits for the answer any more, or the server ends. */
  const whileAwaited = (reply: FastifyReply) => {
    const gone = new AbortController()
    reply.raw.once('close', () => gone.abort())
    return AbortSignal.any([gone.signal, app.closing])
  }

  void app.register(async (scope) => {
    scope.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    )

    route(scope, {
      method: 'GET',
      url: '/internal/routing',
      permission,
      summary: 'What inference processes serve, as soon as it is another than the known one',
      tag,
      query: z.object({ known: z.string().default(''), wait: z.coerce.number().int().min(0).max(60_000).default(0) }),
      handler: async (request, reply) => {
        const routing = await serving.routing.next(request.query.known, request.query.wait, whileAwaited(reply))
        if (!routing) return reply.status(204).send()
        return routing
      },
    })

    route(scope, {
      method: 'GET',
      url: '/internal/blobs/:digest',
      permission,
      summary: 'The bytes of a blob',
      tag,
      params: z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/) }),
      handler: async (request, reply) => {
        const content = await blobs.get(request.params.digest)
        return reply.type('application/octet-stream').send(content)
      },
    })

    route(scope, {
      method: 'GET',
      url: '/internal/landed',
      permission,
      summary: 'Rows of a feature view that landed, as soon as there are some',
      tag,
      query: z.object({
        project: z.string(),
        view: z.string(),
        generation: z.string(),
        after: z.coerce.number().int().min(0),
        wait: z.coerce.number().int().min(0).max(60_000).default(0),
      }),
      handler: async (request, reply) => {
        const { project, view, generation, after, wait } = request.query
        if (!landed) throw new KedgeError('not_found', { kind: 'The feature view', name: view })
        return landed(project, view, generation, after, wait, whileAwaited(reply))
      },
    })

    route(scope, {
      method: 'GET',
      url: '/internal/sample',
      permission,
      summary: 'A few rows with the scores that are on record for a version; 204 when there are none',
      tag,
      query: z.object({ project: z.string(), model: z.string(), version: z.coerce.number().int() }),
      handler: async (request, reply) => {
        const { project, model, version } = request.query
        const sample = await serving.sample(project, model, version)
        if (!sample) return reply.status(204).send()
        return sample
      },
    })

    route(scope, {
      method: 'GET',
      url: '/internal/background',
      permission,
      summary: 'Rows over which explanations of a version average; 204 when there are none',
      tag,
      query: z.object({ project: z.string(), model: z.string(), version: z.coerce.number().int() }),
      handler: async (request, reply) => {
        const { project, model, version } = request.query
        if (background) return (await background(project, model, version)) ?? reply.status(204).send()
        const instances = (await serving.sample(project, model, version))?.instances
        return instances?.length ? { origin: 'reference', instances } : reply.status(204).send()
      },
    })

    route(scope, {
      method: 'POST',
      url: '/internal/predictions',
      permission,
      summary: 'Takes recorded predictions; the same token again changes nothing',
      tag,
      query: z.object({ token: z.string().min(1).max(300) }),
      status: 204,
      handler: async (request, reply) => {
        await ingest(request.body as Buffer, request.query.token)
        return reply.send()
      },
    })

    route(scope, {
      method: 'POST',
      url: '/internal/report',
      permission,
      summary: 'Takes what an inference process counted',
      tag,
      body: inferenceReport,
      status: 204,
      handler: async (request, reply) => {
        await serving.reports.take(request.body)
        return reply.send()
      },
    })

    route(scope, {
      method: 'POST',
      url: '/internal/may-predict',
      permission,
      summary: "Whether a token may predict on a project's endpoints",
      tag,
      body: z.object({
        authorization: z.string().nullable(),
        project: z.string(),
        permission: z.enum(['predict', 'serving.write']).default('predict'),
      }),
      answer: z.object({ allowed: z.boolean() }),
      handler: async (request) => {
        const caller = await identify(request.body.authorization ?? undefined)
        return { allowed: caller?.may(request.body.permission, request.body.project) ?? false }
      },
    })
  })
}
