import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { route } from '../route.ts'
import type { CollectMetrics } from './collect-metrics.ts'
import { exposition, expositionType } from './exposition.ts'
import { grafanaDashboard } from './grafana-dashboard.ts'

const tag = 'metrics'

/** Metrics for Prometheus, of everything or of one project, and a dashboard over them. */
export function prometheusRoutes(app: FastifyInstance, collect: CollectMetrics): void {
  route(app, {
    method: 'GET',
    url: '/metrics',
    permission: 'read',
    summary: 'Metrics of the server, its endpoints, monitors and alerts, for Prometheus; a token for all projects',
    tag,
    handler: async (_request, reply) => reply.type(expositionType).send(exposition(await collect())),
  })
  route(app, {
    method: 'GET',
    url: '/api/v1/projects/:project/metrics',
    permission: 'read',
    summary: 'Metrics of a project’s endpoints, monitors and alerts, for Prometheus',
    tag,
    params: z.object({ project: z.string() }),
    handler: async ({ params }, reply) => reply.type(expositionType).send(exposition(await collect(params.project))),
  })
  route(app, {
    method: 'GET',
    url: '/api/v1/grafana-dashboard',
    permission: 'public',
    summary: 'A dashboard for Grafana over the metrics',
    tag,
    handler: async () => grafanaDashboard(),
  })
}
