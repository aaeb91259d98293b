import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Data } from '../../data/data.ts'
import type { Environment } from '../../environment.ts'
import { route } from '../route.ts'
import { createReceiveLineage, type ReceivedEvent, receivedEvent } from './receive-lineage.ts'

const tag = 'lineage'
const kinds = z.enum(['source', 'dataset', 'feature_view', 'training_set', 'external_dataset'])
const column = z.object({ kind: kinds, name: z.string(), column: z.string() })
const columnGraph = z
  .object({
    columns: z.array(column.extend({ distance: z.number() })),
    edges: z.array(z.object({ to: column, from: column, how: z.enum(['identity', 'derived', 'masked']) })),
    unknown: z.array(z.string()).meta({ description: 'datasets whose columns cannot be followed' }),
  })
  .meta({ id: 'ColumnLineage' })

/** OpenLineage's HTTP transport, and lineage of columns. */
export function lineageRoutes(app: FastifyInstance, environment: Environment, data: Data): void {
  const receive = createReceiveLineage(environment, data)
  // a dataset or job event says nothing of a run: there is nothing to add to the graph
  const ofNoRun = z.looseObject({ eventTime: z.string(), producer: z.string(), run: z.never().optional() })
  const body = z.union([receivedEvent, ofNoRun])
  const take = async (actor: string, project: string, event: z.output<typeof body>) => {
    if ('run' in event && event.run !== undefined) await receive(actor, project, event as ReceivedEvent)
  }

  route(app, {
    method: 'POST',
    url: '/api/v1/projects/:project/lineage',
    permission: 'data.write',
    summary: 'Takes an event of OpenLineage into the lineage of a project; the same again changes nothing',
    tag,
    params: z.object({ project: z.string() }),
    body,
    status: 201,
    async handler({ actor, params, body }, reply) {
      await take(actor, params.project, body)
      return reply.send()
    },
  })
  app.route({
    method: 'POST',
    url: '/api/v1/lineage',
    config: { permission: 'data.write', project: 'default' },
    schema: { summary: "OpenLineage's HTTP transport; its events are of the project `default`", tags: [tag], body },
    async handler(request, reply) {
      await take(request.actor, 'default', request.body as z.output<typeof body>)
      return reply.status(201).send()
    },
  })
  route(app, {
    method: 'GET',
    url: '/api/v1/projects/:project/column-lineage/:kind/:name/:column',
    permission: 'read',
    summary: 'What a column came from and what came from it, through sources, datasets, features and training sets',
    tag,
    params: z.object({ project: z.string(), kind: kinds, name: z.string(), column: z.string() }),
    answer: columnGraph,
    handler: ({ params: { project, ...of } }) => data.columns.trace(project, of),
  })
}
