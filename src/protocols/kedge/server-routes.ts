import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Environment } from '../../environment.ts'
import { route } from '../route.ts'

const job = z.object({
  id: z.number(),
  kind: z.string(),
  project: z.string(),
  state: z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']),
  attempts: z.number(),
  cause: z.number().nullable(),
  progress: z.unknown(),
  result: z.unknown(),
  error: z.object({ code: z.string(), message: z.string(), todo: z.string() }).nullable(),
  createdAt: z.number(),
  finishedAt: z.number().nullable(),
})

export interface ServerFacts {
  version: string
  startedAt: number
  /** as they are when it is asked */
  readonly addresses: { http: string; inference: string | null; grpc: string | null }
  roles: readonly string[]
  /** state of the inference process, where this control process runs one */
  inference?: () => unknown
  /** inference processes that report to this control process */
  nodes?: () => {
    node: string
    memory: number
    spool: { bytes: number; dropped: number; rejected: number; full: boolean }
  }[]
}

const problemsOf = (nodes: ReturnType<NonNullable<ServerFacts['nodes']>>) =>
  nodes
    .filter(({ spool }) => spool.full)
    .map(({ node }) => ({
      what: `The inference process ${node} cannot record predictions: its disk or its spool is full`,
      todo: 'Free space on its disk; when control is away, start it. Endpoints with `record: { whenFull: refuse }` answer 503 meanwhile.',
    }))

/** The server itself: health, status, jobs. */
export function serverRoutes(
  app: FastifyInstance,
  { jobs, journal, events, store }: Environment,
  facts: ServerFacts,
): void {
  route(app, {
    method: 'GET',
    url: '/health',
    permission: 'public',
    summary: 'Answers OK while the server can read its SQL store',
    tag: 'server',
    async handler(_request, reply) {
      await journal.head()
      reply.type('text/plain')
      return 'OK'
    },
  })
  route(app, {
    method: 'GET',
    url: '/api/v1/status',
    permission: 'read',
    summary: 'What runs, where, and how it is',
    tag: 'server',
    answer: z.object({
      version: z.string(),
      startedAt: z.number(),
      addresses: z.object({ http: z.string(), inference: z.string().nullable(), grpc: z.string().nullable() }),
      roles: z.array(z.string()),
      stores: z.object({
        sql: z.string(),
        events: z.object({ kind: z.string(), state: z.string(), pid: z.number().optional(), restarts: z.number() }),
      }),
      inference: z.unknown(),
      nodes: z.array(
        z.object({
          node: z.string(),
          memory: z.number().describe('bytes'),
          spool: z.object({
            bytes: z.number().describe('recorded predictions that wait to be stored'),
            dropped: z.number().describe('answered but not recorded: the disk or the spool was full'),
            rejected: z.number().describe('refused by control'),
            full: z.boolean().describe('the disk or the spool is full now: predictions are not recorded'),
          }),
        }),
      ),
      problems: z.array(z.object({ what: z.string(), todo: z.string() })).describe('what is wrong with the server now'),
      memory: z.object({ residentBytes: z.number() }),
      journal: z.object({ head: z.number() }),
      pid: z.number(),
    }),
    handler: async () => ({
      version: facts.version,
      startedAt: facts.startedAt,
      addresses: facts.addresses,
      roles: [...facts.roles],
      stores: { sql: store.kind, events: events.status() },
      inference: facts.inference?.() ?? null,
      nodes: (facts.nodes?.() ?? []).map(({ node, memory, spool }) => ({ node, memory, spool })),
      problems: problemsOf(facts.nodes?.() ?? []),
      memory: { residentBytes: process.memoryUsage.rss() },
      journal: { head: await journal.head() },
      pid: process.pid,
    }),
  })
  route(app, {
    method: 'GET',
    url: '/api/v1/projects/:project/jobs',
    permission: 'read',
    summary: 'Jobs, newest first',
    tag: 'server',
    params: z.object({ project: z.string() }),
    query: z.object({
      kind: z.string().optional(),
      state: job.shape.state.optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
    }),
    answer: z.object({ items: z.array(job) }),
    async handler({ params, query }) {
      const { kind, state, limit } = query
      const items = await jobs.list({
        project: params.project,
        limit,
        ...(kind === undefined ? {} : { kind }),
        ...(state === undefined ? {} : { state }),
      })
      return { items: items }
    },
  })
  const jobParams = z.object({ project: z.string(), id: z.coerce.number().int() })
  route(app, {
    method: 'GET',
    url: '/api/v1/projects/:project/jobs/:id',
    permission: 'read',
    summary: 'One job with its progress',
    tag: 'server',
    params: jobParams,
    answer: job,
    handler: ({ params }) => jobs.get(params.id),
  })
  route(app, {
    method: 'POST',
    url: '/api/v1/projects/:project/jobs/:id/cancel',
    permission: 'pipelines.run',
    summary: 'Ends a queued job, asks a running one to stop',
    tag: 'server',
    params: jobParams,
    answer: job,
    async handler({ params, actor }) {
      await journal.change({ actor }, (change) => jobs.cancel(change, params.id))
      return jobs.get(params.id)
    },
  })
}
