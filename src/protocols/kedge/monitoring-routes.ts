import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { monitorSettings } from '../../monitoring/monitor-settings.ts'
import type { Monitoring, Stretch } from '../../monitoring/monitoring.ts'
import { route } from '../route.ts'
import { latest, eventTime as time } from './event-time.ts'
import * as schemas from './schemas/monitoring.ts'

const endpointParams = z.object({ project: z.string(), endpoint: z.string() })
const base = '/api/v1/projects/:project/endpoints/:endpoint'
const tag = 'monitoring'
const whole = z.coerce.number().int().min(0)
const stretch = z.object({ from: time.default(0), to: time.default(latest) })
const flag = z.enum(['true', 'false']).transform((text) => text === 'true')

export interface MonitoringRoutesDependencies {
  monitoring: Monitoring
}

/** Scores, features, performance, recorded predictions, alerts and the settings of monitoring. */
export function monitoringRoutes(app: FastifyInstance, { monitoring }: MonitoringRoutesDependencies): void {
  const key = ({ project, endpoint }: { project: string; endpoint: string }) => ({ project, endpoint })

  route(app, {
    method: 'GET',
    url: '/api/v1/monitors',
    permission: 'read',
    summary: 'Families of monitors and drift metrics that there are',
    tag,
    answer: schemas.monitorCatalogue,
    handler: async () => ({
      families: monitoring.catalogue.kinds.map(({ family, title, description, alpha, monitors }) => ({
        family,
        title,
        description,
        alpha,
        monitors: [...monitors],
      })),
      driftMetrics: monitoring.catalogue.metrics.map(({ name, title, definition, types }) => ({
        name,
        title,
        definition,
        types: [...types],
      })),
    }),
  })

  route(app, {
    method: 'GET',
    url: `${base}/monitoring`,
    permission: 'read',
    summary: 'An endpoint at a glance: the newest window of every family of monitors',
    tag,
    params: endpointParams,
    answer: schemas.monitoringOverview,
    handler: ({ params }) => monitoring.overview(key(params)),
  })

  route(app, {
    method: 'GET',
    url: `${base}/scores`,
    permission: 'read',
    summary: 'Scores of monitors over time, with their thresholds and definitions',
    tag,
    params: endpointParams,
    query: stretch.extend({
      monitor: z.string().optional().describe('a monitor such as performance.log_loss, or a family'),
      feature: z.string().optional(),
      revision: whole.optional(),
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(5000)
        .default(400)
        .describe('newest windows of each monitor, feature and revision'),
    }),
    answer: schemas.scoreList,
    handler: async ({ params, query }) => ({ items: await monitoring.scores(key(params), defined(query)) }),
  })

  route(app, {
    method: 'GET',
    url: `${base}/features`,
    permission: 'read',
    summary: 'Names of the features that predictions had in a stretch of event time',
    tag,
    params: endpointParams,
    query: stretch.extend({ revision: whole }),
    answer: z.object({ items: z.array(z.string()) }),
    handler: async ({ params, query }) => ({ items: await monitoring.features(key(params), query) }),
  })

  route(app, {
    method: 'GET',
    url: `${base}/features/:feature/comparison`,
    permission: 'read',
    summary: 'The distribution of a feature in a stretch of time, beside the reference or another stretch',
    tag,
    params: endpointParams.extend({ feature: z.string() }),
    query: stretch.extend({
      revision: whole,
      against_revision: whole.optional().describe('the reference of the revision when absent'),
      against_from: time.default(0),
      against_to: time.default(latest),
      bins: z.coerce.number().int().min(2).max(200).default(20),
    }),
    answer: schemas.featureComparison,
    handler: ({ params, query }) => {
      const against: Stretch | 'reference' =
        query.against_revision === undefined
          ? 'reference'
          : { revision: query.against_revision, from: query.against_from, to: query.against_to }
      return monitoring.compare(key(params), params.feature, query, against, query.bins)
    },
  })

  route(app, {
    method: 'GET',
    url: `${base}/performance`,
    permission: 'read',
    summary: 'Performance of every revision over event time, with 95 % intervals',
    tag,
    params: endpointParams,
    query: stretch.extend({ days: z.coerce.number().int().min(1).max(366).default(7).describe('length of a step') }),
    answer: schemas.performanceHistory,
    handler: ({ params, query }) => monitoring.performance(key(params), query.from, query.to, query.days),
  })

  route(app, {
    method: 'GET',
    url: `${base}/revision-comparison`,
    permission: 'read',
    summary: 'Two revisions on the same rows: paired differences with 95 % intervals',
    tag,
    params: endpointParams,
    query: stretch.extend({ first: whole, second: whole }),
    answer: schemas.revisionComparison,
    handler: ({ params, query }) =>
      monitoring.compareRevisions(key(params), query.first, query.second, query.from, query.to),
  })

  route(app, {
    method: 'GET',
    url: `${base}/predictions`,
    permission: 'read',
    summary: 'Recorded predictions, newest first: the rows behind a bar of a histogram',
    tag,
    params: endpointParams,
    query: stretch.extend({
      id: z.string().optional(),
      revision: whole.optional(),
      feature: z.string().optional(),
      above: z.coerce.number().optional(),
      up_to: z.coerce.number().optional(),
      category: z.string().optional(),
      except: z
        .union([z.string().transform((one) => [one]), z.array(z.string()).max(1000)])
        .optional()
        .describe('rows of `feature` with another category than these'),
      missing: flag.optional(),
      segment: z.string().max(2000).optional().describe('`city=Chur`, `age=> 42 & city=Chur`, `age=missing`'),
      actual: z.string().max(1000).optional().describe('rows whose actual is this, a number or a class'),
      residual_above: z.coerce.number().optional().describe('rows whose score less their actual is more than this'),
      residual_up_to: z.coerce.number().optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
      offset: whole.default(0),
    }),
    answer: schemas.predictionRows,
    handler: async ({ params, query: { up_to, residual_above, residual_up_to, ...query } }) => ({
      items: await monitoring.predictions(
        key(params),
        defined({ ...query, upTo: up_to, residualAbove: residual_above, residualUpTo: residual_up_to }),
      ),
      rawFrom: await monitoring.rawFrom(key(params)),
    }),
  })

  route(app, {
    method: 'GET',
    url: `${base}/monitors`,
    permission: 'read',
    summary: 'The settings of an endpoint’s monitors, defaults filled in',
    tag,
    params: endpointParams,
    answer: schemas.monitorSettingsAnswer,
    handler: ({ params }) => monitoring.settings(key(params)),
  })

  route(app, {
    method: 'PUT',
    url: `${base}/monitors`,
    permission: 'monitoring.write',
    summary: 'Replaces the settings of an endpoint’s monitors and evaluates its windows anew',
    tag,
    params: endpointParams,
    body: monitorSettings,
    answer: schemas.monitorSettingsAnswer,
    async handler({ params, body, actor }) {
      await monitoring.configure({ actor }, key(params), body)
      return monitoring.settings(key(params))
    },
  })

  route(app, {
    method: 'GET',
    url: '/api/v1/projects/:project/alerts',
    permission: 'read',
    summary: 'Alerts, newest first',
    tag,
    params: z.object({ project: z.string() }),
    query: z.object({
      endpoint: z.string().optional(),
      state: z.enum(['open', 'closed']).optional(),
      limit: z.coerce.number().int().min(1).max(1000).default(200),
    }),
    answer: schemas.alertList,
    handler: async ({ params, query }) => ({ items: await monitoring.alerts.list(params.project, defined(query)) }),
  })

  route(app, {
    method: 'GET',
    url: '/api/v1/projects/:project/alerts/:alert',
    permission: 'read',
    summary: 'An alert with its violations and likely causes',
    tag,
    params: z.object({ project: z.string(), alert: z.coerce.number().int() }),
    answer: schemas.alert,
    handler: ({ params }) => monitoring.alerts.get(params.project, params.alert),
  })

  route(app, {
    method: 'POST',
    url: '/api/v1/projects/:project/alerts/:alert/close',
    permission: 'monitoring.write',
    summary: 'Closes an alert, with a reason',
    tag,
    params: z.object({ project: z.string(), alert: z.coerce.number().int() }),
    body: schemas.alertClose,
    answer: schemas.alert,
    handler: ({ params, body, actor }) => monitoring.alerts.close({ actor }, params.project, params.alert, body.reason),
  })
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** Without the keys whose value is undefined. */
const defined = <T extends object>(value: T): Defined<T> =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Defined<T>
