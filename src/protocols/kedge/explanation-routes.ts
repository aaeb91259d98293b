import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { KedgeError } from '../../errors.ts'
import type { ExplanationService } from '../../monitoring/explanations.ts'
import { route } from '../route.ts'
import { latest, eventTime as time } from './event-time.ts'
import * as schemas from './schemas/explanations.ts'

const params = z.object({ project: z.string(), endpoint: z.string() })
const base = '/api/v1/projects/:project/endpoints/:endpoint/explanations'
const tag = 'explanations'
/** what a number of a revision or version can be */
const number = z.coerce.number().int().min(0).max(2_147_483_647)
const window = z.object({
  from: time.default(0),
  to: time.default(latest),
  revision: number.optional().describe('all that are explained alike when absent'),
})
const segment = z.string().default('').describe('`feature=category`; all rows when empty')
const rows = z.coerce.number().int().min(1).max(2000).default(500)

/** What models make their predictions of: over windows and segments, in single predictions, over time; and what a version does when its inputs change. */
export function explanationRoutes(app: FastifyInstance, { explanations }: { explanations: ExplanationService }): void {
  route(app, {
    method: 'GET',
    url: `${base}/importance`,
    permission: 'read',
    summary: 'Global importance: the mean |attribution| of every feature in a window, and its drift from the reference',
    tag,
    params,
    query: window.extend({ segment }),
    answer: schemas.globalImportance,
    handler: ({ params: key, query }) => explanations.importance(key, query, query.segment),
  })

  route(app, {
    method: 'GET',
    url: `${base}/history`,
    permission: 'read',
    summary: 'Importance and attribution drift day by day',
    tag,
    params,
    query: window.extend({ segment }),
    answer: schemas.explanationHistory,
    handler: ({ params: key, query }) => explanations.history(key, query, query.segment),
  })

  route(app, {
    method: 'GET',
    url: `${base}/sample`,
    permission: 'read',
    summary: 'A sample of explained predictions with their features: what a beeswarm shows',
    tag,
    params,
    query: window.extend({ rows }),
    answer: schemas.sampledExplanations,
    handler: ({ params: key, query }) => explanations.sample(key, query, query.rows),
  })

  route(app, {
    method: 'GET',
    url: `${base}/dependence`,
    permission: 'read',
    summary: 'What a feature adds by its value, over a sample of explained predictions',
    tag,
    params,
    query: window.extend({
      rows,
      feature: z.string(),
      colour: z.string().optional().describe('another feature, whose value comes with each point'),
    }),
    answer: schemas.dependence,
    handler: async ({ params: key, query }) => {
      const found = await explanations.sample(key, query, query.rows)
      const at = (name: string) => {
        const place = found.features.indexOf(name)
        if (place < 0 && found.features.length > 0) throw new KedgeError('not_found', { kind: 'Feature', name })
        return place
      }
      const place = at(query.feature)
      const colour = query.colour === undefined ? -1 : at(query.colour)
      return {
        definition: found.definition,
        feature: query.feature,
        colour: query.colour ?? null,
        points: found.rows.map(({ id, values, attributions }) => ({
          id,
          value: values[place] ?? null,
          attribution: attributions[place]!,
          colour: values[colour] ?? null,
        })),
      }
    },
  })

  route(app, {
    method: 'GET',
    url: `${base}/predictions/:id`,
    permission: 'read',
    summary: 'What each feature added to one recorded prediction',
    tag,
    params: params.extend({ id: z.string() }),
    query: z.object({ revision: number.optional(), method: z.string().optional() }),
    answer: schemas.localExplanation,
    handler: ({ params: { id, ...key }, query: { revision, method } }) =>
      explanations.prediction(key, id, {
        ...(revision === undefined ? {} : { revision }),
        ...(method === undefined ? {} : { method }),
      }),
  })

  route(app, {
    method: 'POST',
    url: `${base}/refresh`,
    permission: 'monitoring.write',
    summary: 'Has the days explained that are due, without waiting for the next round; says how many there are',
    tag,
    params,
    answer: z.object({ days: z.number() }),
    handler: async ({ params: key, actor }) => ({ days: await explanations.refresh({ actor }, key) }),
  })

  route(app, {
    method: 'GET',
    url: '/api/v1/projects/:project/models/:model/versions/:version/profile',
    permission: 'read',
    summary: 'Permutation importance and partial dependence of a model version on the held-out rows of its reference',
    tag,
    params: z.object({ project: z.string(), model: z.string(), version: number }),
    answer: schemas.modelProfile,
    handler: ({ params: { project, model, version } }) => explanations.profile(project, model, version),
  })
}
