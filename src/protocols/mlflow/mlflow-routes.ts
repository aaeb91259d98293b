import type { FastifyInstance } from 'fastify'
import type { Automation } from '../../automation/automation.ts'
import { KedgeError } from '../../errors.ts'
import type { Registry } from '../../registry/registry.ts'
import type { Tracking } from '../../tracking/tracking.ts'
import { decodeUtf8 } from '../decode-utf8.ts'
import { artifactProxyRoutes, artifactRoutes } from './artifact-routes.ts'
import type { TakeActuals } from './assessed-actual.ts'
import { evaluationRoutes } from './evaluation-routes.ts'
import { experimentRoutes } from './experiment-routes.ts'
import { loggedModelRoutes } from './logged-model-routes.ts'
import { sendMlflowError } from './mlflow-error.ts'
import { type MlflowScope, mlflowScope } from './mlflow-scope.ts'
import { otlpRoutes } from './otlp-routes.ts'
import { parseJson } from './parse-json.ts'
import { registryRoutes } from './registry-routes.ts'
import { reviewRoutes } from './review-routes.ts'
import { runRoutes } from './run-routes.ts'
import { traceRoutes } from './trace-routes.ts'
import { uploadPartRoutes, uploadRoutes } from './upload-routes.ts'
import { webhookRoutes } from './webhook-routes.ts'

/** The version of MLflow whose API this is: clients ask before they use what is newer. */
export const mlflowVersion = '3.17.0'

const serverInfo = {
  store_type: 'SqlStore',
  workspaces_enabled: false,
  trace_archival_enabled: false,
  multipart_uploads_enabled: true,
  multipart_downloads_enabled: false,
  presigned_upload_run_id_supported: false,
  presigned_upload_model_id_supported: false,
}

/** Groups of methods that MLflow has and Kedge has not: said at once, in a form that no client tries again. */
const notOffered = [
  'unified-traces',
  'gateway',
  'gateway-proxy',
  'mcp-servers',
  'jobs',
  'scorer',
  'genai',
  'demo',
  'prompt-optimization',
  'workspaces',
  'artifacts/presigned-upload-url',
  'runs/create-promptlab-run',
  'get-online-trace-details',
]

export interface MlflowServices {
  tracking: Tracking
  registry: Registry
  automation: Pick<Automation, 'webhooks'>
  /** takes what assessments say of predictions, where there is monitoring */
  logged?: { actuals: TakeActuals }
}

/** MLflow's REST API, at the root for the project `default` and below `/mlflow/:project` for every project. */
export function mlflowRoutes(app: FastifyInstance, services: MlflowServices): void {
  for (const base of ['', '/mlflow/:project']) {
    void app.register(async (inner) => {
      readJson(inner)
      jsonRoutes(mlflowScope(inner, base), base, services)
    })
    void app.register(async (inner) => {
      // whatever its type, the body of an artifact is its bytes
      inner.removeAllContentTypeParsers()
      inner.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
      inner.setErrorHandler(sendMlflowError)
      const scope = mlflowScope(inner, base)
      artifactProxyRoutes(scope, services.tracking)
      uploadPartRoutes(scope, services.tracking)
    })
    void app.register(async (inner) => {
      inner.removeAllContentTypeParsers()
      inner.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
      inner.setErrorHandler(sendMlflowError)
      otlpRoutes(mlflowScope(inner, base), services.tracking)
    })
  }
}

function readJson(app: FastifyInstance) {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJson(decodeUtf8(body as Buffer)))
    } catch (error) {
      done(error as Error, undefined)
    }
  })
  app.setErrorHandler(sendMlflowError)
}

function jsonRoutes(scope: MlflowScope, base: string, { tracking, registry, automation, logged }: MlflowServices) {
  experimentRoutes(scope, tracking)
  runRoutes(scope, tracking)
  traceRoutes(scope, tracking, logged?.actuals)
  loggedModelRoutes(scope, tracking)
  artifactRoutes(scope, tracking, registry)
  uploadRoutes(scope, base, tracking)
  registryRoutes(scope, registry)
  webhookRoutes(scope, automation)
  evaluationRoutes(scope, tracking)
  reviewRoutes(scope, tracking)
  scope.add('GET', '/mlflow/server-info', 'public', () => serverInfo, '3.0')
  scope.plain('GET', '/version', 'public', ({ reply }) => reply.type('text/plain').send(mlflowVersion))
  if (base !== '') scope.plain('GET', '/health', 'public', ({ reply }) => reply.type('text/plain').send('OK'))
  for (const version of ['2.0', '3.0'] as const) {
    for (const group of notOffered)
      for (const path of [`/mlflow/${group}`, `/mlflow/${group}/*`])
        scope.add(
          ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
          path,
          'read',
          ({ request }) => {
            throw new KedgeError('unsupported', {
              what: `MLflow's method ${request.method} ${request.url.split('?')[0]}`,
            })
          },
          version,
        )
    scope.add(
      ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
      '/mlflow/*',
      'read',
      ({ request, reply }) =>
        reply.status(404).send({
          error_code: 'ENDPOINT_NOT_FOUND',
          message: `No API found for '${request.method} ${request.url.split('?')[0]}'`,
        }),
      version,
    )
  }
}
