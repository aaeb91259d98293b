import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { eventCatalogue } from '../../journal/catalogue.ts'
import type { Journal, JournalFilter } from '../../journal/journal.ts'
import { traceLineage } from '../../journal/lineage.ts'
import type { SqlStore } from '../../storage/sql/sql-store.ts'
import { route } from '../route.ts'
import { sendEventStream } from './event-stream.ts'
import { journalEvent, lineageGraph } from './schemas/journal.ts'

const filterQuery = z.object({
  project: z.string().optional(),
  type: z.string().optional().describe('kinds of events, separated by commas'),
  subject: z.string().optional().describe('exact, or a prefix that ends in /'),
  after: z.coerce.number().int().min(0).optional(),
})

const toFilter = (query: z.output<typeof filterQuery>): JournalFilter => ({
  ...(query.project === undefined ? {} : { project: query.project }),
  ...(query.subject === undefined ? {} : { subject: query.subject }),
  ...(query.after === undefined ? {} : { after: query.after }),
  ...(query.type === undefined ? {} : { types: query.type.split(',') }),
})

/** The journal, its live stream and verification, and lineage. */
export function journalRoutes(app: FastifyInstance, { journal, store }: { journal: Journal; store: SqlStore }): void {
  route(app, {
    method: 'GET',
    url: '/api/v1/journal',
    permission: 'read',
    summary: 'Events of the journal, newest first unless `order=asc`',
    tag: 'journal',
    query: filterQuery.extend({
      before: z.coerce.number().int().optional(),
      order: z.enum(['asc', 'desc']).default('desc'),
      limit: z.coerce.number().int().min(1).max(5000).default(200),
    }),
    answer: z.object({ items: z.array(journalEvent), head: z.number() }),
    async handler({ query }) {
      const filter = {
        ...toFilter(query),
        newestFirst: query.order === 'desc',
        limit: query.limit,
        ...(query.before === undefined ? {} : { before: query.before }),
      }
      return { items: await journal.read(filter), head: await journal.head() }
    },
  })

  route(app, {
    method: 'GET',
    url: '/api/v1/journal/stream',
    permission: 'read',
    summary: 'Events as they happen (server-sent events); `after` or Last-Event-ID resumes',
    tag: 'journal',
    query: filterQuery,
    async handler(request, reply) {
      const last = request.headers['last-event-id']
      const filter = {
        ...toFilter(request.query),
        ...(typeof last === 'string' && /^\d+$/.test(last) ? { after: Number(last) } : {}),
      }
      await sendEventStream(request, reply, async function* (signal) {
        for await (const event of journal.follow(filter, signal)) yield { id: event.id, data: event }
      })
    },
  })

  route(app, {
    method: 'POST',
    url: '/api/v1/journal/verify',
    permission: 'read',
    summary: 'Recomputes the hash chain of the whole journal',
    tag: 'journal',
    answer: z.object({ entries: z.number(), hash: z.string() }),
    handler: () => journal.verify(),
  })

  route(app, {
    method: 'GET',
    url: '/api/v1/journal/catalogue',
    permission: 'read',
    summary: 'Every kind of event there is',
    tag: 'journal',
    answer: z.object({ items: z.array(z.object({ type: z.string(), description: z.string(), data: z.unknown() })) }),
    handler: async () => ({
      items: Object.entries(eventCatalogue).map(([type, { description, data }]) => ({
        type,
        description,
        data: z.toJSONSchema(data),
      })),
    }),
  })

  route(app, {
    method: 'GET',
    url: '/api/v1/projects/:project/lineage/:kind/*',
    permission: 'read',
    summary: 'What a thing came from and what came from it',
    tag: 'journal',
    params: z.object({ project: z.string(), kind: z.string(), '*': z.string() }),
    answer: lineageGraph,
    handler: ({ params }) => traceLineage(store, params.project, `${params.kind}/${params['*']}`),
  })
}
