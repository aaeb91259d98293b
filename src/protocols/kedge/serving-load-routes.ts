import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { capacity } from '../../serving/capacity.ts'
import type { Serving } from '../../serving/serving.ts'
import { route } from '../route.ts'
import * as schemas from './schemas/serving-load.ts'

const params = z.object({ project: z.string(), endpoint: z.string() })
const base = '/api/v1/projects/:project/endpoints/:endpoint'
const tag = 'serving'

/** What endpoints can carry, which requests were slow or failed, and what answers them. */
export function servingLoadRoutes(app: FastifyInstance, { serving }: { serving: Serving }): void {
  route(app, {
    method: 'GET',
    url: `${base}/requests`,
    permission: 'read',
    summary: 'The slowest and the failed requests, with where their time went and why they failed',
    tag,
    params,
    answer: schemas.requestsAnswer,
    handler: ({ params: { project, endpoint } }) => serving.requests(project, endpoint),
  })

  route(app, {
    method: 'GET',
    url: `${base}/nodes`,
    permission: 'read',
    summary: 'The inference processes that can answer, with their memory',
    tag,
    params,
    answer: schemas.servingNodes,
    handler: async ({ params: { project, endpoint } }) => {
      const { revisions } = await serving.endpoints.get(project, endpoint)
      const names = new Set(revisions.flatMap(({ instances }) => instances.map(({ node }) => node)))
      return {
        items: serving.reports
          .nodes()
          .filter(({ node }) => names.has(node))
          .map(({ node, memory, at, addresses }) => ({ node, memory, at, ...addresses })),
      }
    },
  })

  route(app, {
    method: 'GET',
    url: `${base}/capacity`,
    permission: 'read',
    summary: 'What the endpoint could carry when it was measured, newest first',
    tag,
    params,
    answer: schemas.capacityList,
    handler: async ({ params: { project, endpoint } }) => ({
      items: await serving.capacities.list(project, endpoint),
    }),
  })

  route(app, {
    method: 'POST',
    url: `${base}/capacity`,
    permission: 'serving.write',
    summary: 'Keeps what the endpoint could carry, as `kedge bench` measured it',
    tag,
    params,
    body: capacity,
    answer: schemas.measuredCapacity,
    status: 201,
    handler: ({ actor, body, params: { project, endpoint } }) =>
      serving.capacities.add({ actor }, project, endpoint, body),
  })
}
