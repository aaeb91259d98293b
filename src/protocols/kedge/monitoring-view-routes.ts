import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { KedgeError } from '../../errors.ts'
import type { Monitoring } from '../../monitoring/monitoring.ts'
import { route } from '../route.ts'
import { eventTime, latest } from './event-time.ts'
import * as schemas from './schemas/monitoring-views.ts'
import { againstOf, bounded, requestOf, specOf, windows } from './window-query.ts'

const params = z.object({ project: z.string(), endpoint: z.string() })
const base = '/api/v1/projects/:project/endpoints/:endpoint'
const tag = 'monitoring'
const whole = z.coerce.number().int().min(0)

const stretch = z.object({ revision: whole, from: eventTime.default(0), to: eventTime.default(latest) })

/** Questions about windows of any length, against any reference: heat maps, distributions, performance, fairness, segments. */
export function monitoringViewRoutes(app: FastifyInstance, { monitoring }: { monitoring: Monitoring }): void {
  const key = ({ project, endpoint }: { project: string; endpoint: string }) => ({ project, endpoint })
  const { views } = monitoring

  route(app, {
    method: 'GET',
    url: `${base}/heat-map`,
    permission: 'read',
    summary: 'Every monitor of a family over time: feature × window, with limits, samples and definitions',
    tag,
    params,
    query: windows.extend({
      family: z.string().default('drift'),
      feature: z.string().optional(),
      metric: z.string().optional().describe('drift metric instead of the settings’'),
    }),
    answer: schemas.heatMap,
    handler: ({ params, query }) =>
      views.heatMap(key(params), {
        family: query.family,
        ...bounded(query),
        segment: query.segment,
        ...(query.feature === undefined ? {} : { feature: query.feature }),
        ...(query.window === undefined ? {} : { spec: specOf(query) }),
        ...(query.against === undefined ? {} : { against: againstOf(query) }),
        ...(query.metric === undefined ? {} : { metrics: { numeric: query.metric, categorical: query.metric } }),
      }),
  })

  route(app, {
    method: 'GET',
    url: `${base}/features/:feature/distribution`,
    permission: 'read',
    summary:
      'How a feature is distributed in each window, beside its reference and where the reference’s own windows lie',
    tag,
    params: params.extend({ feature: z.string() }),
    query: windows.extend({ bins: z.coerce.number().int().min(2).max(200).default(20) }),
    answer: schemas.featureDistribution,
    handler: ({ params, query }) => views.distribution(key(params), params.feature, requestOf(query), query.bins),
  })

  route(app, {
    method: 'GET',
    url: `${base}/performance/windows`,
    permission: 'read',
    summary: 'Performance of each window where the truth is known, beside its estimate without labels',
    tag,
    params,
    query: windows,
    answer: schemas.performanceWindows,
    handler: ({ params, query }) => views.performance(key(params), requestOf(query)),
  })

  route(app, {
    method: 'GET',
    url: `${base}/performance/curves`,
    permission: 'read',
    summary: 'Of a stretch: ROC, precision and recall, gain and lift by threshold, reliability, confusion of classes',
    tag,
    params,
    query: stretch.extend({ segment: z.string().default('') }),
    answer: schemas.performanceCurves,
    handler: ({ params, query }) => views.curves(key(params), query, query.segment),
  })

  route(app, {
    method: 'GET',
    url: `${base}/fairness`,
    permission: 'read',
    summary: 'Decisions and errors by group, every measure of fairness with its interval, against the reference',
    tag,
    params,
    query: stretch.extend({
      privileged: z
        .string()
        .optional()
        .describe(
          'the group that the others of its attribute are compared with: `carrier=AA`; the largest when absent',
        ),
    }),
    answer: schemas.fairness,
    handler: ({ params, query: { privileged, ...request } }) =>
      views.fairness(
        key(params),
        request,
        privileged === undefined ? {} : { [privileged.slice(0, privileged.indexOf('='))]: privileged },
      ),
  })

  route(app, {
    method: 'GET',
    url: `${base}/segments`,
    permission: 'read',
    summary: 'Where the model is worst: kept segments, and slices found by search, corrected for it',
    tag,
    params,
    query: stretch,
    answer: schemas.worstSegments,
    handler: ({ params, query }) => views.segments(key(params), query),
  })

  route(app, {
    method: 'POST',
    url: `${base}/back-fill`,
    permission: 'monitoring.write',
    summary: 'Evaluates windows anew by the definitions that hold now: all there are, or those that end in a stretch',
    tag,
    params,
    body: schemas.backFillInput,
    answer: schemas.backFill,
    status: 202,
    handler: ({ params, body: { from, to }, actor }) =>
      monitoring.backFills.ask({ actor }, key(params), {
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      }),
  })

  route(app, {
    method: 'GET',
    url: `${base}/back-fill`,
    permission: 'read',
    summary: 'How far the last evaluation of old windows is',
    tag,
    params,
    answer: schemas.backFill,
    handler: ({ params }) => monitoring.backFills.state(key(params)),
  })

  route(app, {
    method: 'POST',
    url: `${base}/erasures`,
    permission: 'admin',
    summary:
      'Erases a subject’s recorded rows for good, by ids or by a feature’s value; what was derived from them is corrected',
    tag,
    params,
    body: schemas.erasureInput,
    answer: schemas.erasure,
    status: 202,
    handler({ params, body: { ids, feature, value, reason }, actor }) {
      if ((ids === undefined) === (feature === undefined || value === undefined))
        throw new KedgeError('invalid_input', { what: 'An erasure names either ids, or a feature and its value' })
      const condition = ids ? { ids } : { feature: feature!, value: value! }
      return monitoring.erasures.ask({ actor }, key(params), condition, reason)
    },
  })

  route(app, {
    method: 'GET',
    url: `${base}/erasures`,
    permission: 'read',
    summary: 'What was erased of an endpoint, by whom and why; newest first',
    tag,
    params,
    answer: schemas.erasureList,
    handler: async ({ params }) => ({ items: await monitoring.erasures.list(key(params)) }),
  })
}
