import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Data } from '../../data/data.ts'
import { page, route } from '../route.ts'
import { base, by, listOf, named, numbered, tag, versions } from './data-parameters.ts'
import { discardAnswer, quarantinePage } from './schemas/quarantine.ts'

/** The desk where people decide about quarantined rows, over REST. */
export function quarantineRoutes(app: FastifyInstance, { discards }: Pick<Data, 'discards'>): void {
  route(app, {
    method: 'GET',
    url: `${versions}/:version/quarantine/rows`,
    permission: 'read',
    summary: 'Shows quarantined rows with what became of each, and how many there are by reason and state',
    tag,
    params: numbered,
    query: page.extend({
      step: z.coerce.number().int().min(0).optional(),
      reason: z.string().max(5000).optional(),
      state: z.enum(['open', 'corrected', 'discarded']).optional(),
    }),
    answer: quarantinePage,
    handler: ({ params, query }) => discards.page(params.project, params.name, params.version, query),
  })
  route(app, {
    method: 'POST',
    url: `${versions}/:version/quarantine/discard`,
    permission: 'data.write',
    summary: 'Leaves quarantined rows aside for good: some of them, or all of a reason',
    tag,
    params: numbered,
    body: z.union([
      z.strictObject({ rows: z.array(z.number().int().min(0)).min(1).max(1000), why: z.string().min(1).max(1000) }),
      z.strictObject({ step: z.number().int().min(0), reason: z.string().max(5000), why: z.string().min(1).max(1000) }),
    ]),
    answer: z.object({ rows: z.number() }),
    async handler(request) {
      const { project, name, version } = request.params
      const { why, ...which } = request.body
      return discards.discard(by(request), project, name, version, which, why)
    },
  })
  route(app, {
    method: 'GET',
    url: `${base}/datasets/:name/discards`,
    permission: 'read',
    summary: 'Lists what was discarded of the quarantines of a dataset, with the reasons that people gave',
    tag,
    params: named,
    answer: listOf(discardAnswer),
    handler: async ({ params }) => ({ items: await discards.list(params.project, params.name) }),
  })
  route(app, {
    method: 'DELETE',
    url: `${base}/datasets/:name/discards/:id`,
    permission: 'data.write',
    summary: 'Takes a discard back: the rows are open again',
    tag,
    params: named.extend({ id: z.coerce.number().int() }),
    answer: z.object({}),
    async handler(request) {
      await discards.withdraw(by(request), request.params.project, request.params.name, request.params.id)
      return {}
    },
  })
}
