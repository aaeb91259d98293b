import { randomUUID } from 'node:crypto'
import fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  LogController,
  type RouteOptions,
} from 'fastify'
import { hasZodFastifySchemaValidationErrors, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { asKedgeError, KedgeError } from '../errors.ts'
import { projectName } from '../governance/projects.ts'
import type { Caller } from '../governance/tokens.ts'
import type { Logger } from '../log.ts'
import { decodeUtf8 } from './decode-utf8.ts'
import { httpStatus } from './http-status.ts'
import { refuseDeep } from './refuse-deep.ts'

export interface HttpServerOptions {
  log: Logger
  /** Who sent this `Authorization` header; undefined when it is not valid. Without a header: `authorization` is undefined. */
  identify(authorization: string | undefined): Promise<Caller | undefined>
  /** host names by which a browser may address this server; guards against DNS rebinding */
  allowedHosts: ReadonlySet<string>
  /** Makes the project unless it exists. */
  ensureProject?: (context: { actor: string }, project: string) => Promise<void>
  bodyLimit?: number
}

/** The HTTP server that all protocols share: schemas, errors, permissions, guards. A route without a permission cannot be added. */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const app = fastify({
    loggerInstance: options.log as never,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.bodyLimit ?? 64 * 2 ** 20,
    genReqId: () => randomUUID(),
    // one logger for all: what is logged of a request names its id
    childLoggerFactory: (logger) => logger,
    routerOptions: { maxParamLength: 2000 },
    forceCloseConnections: 'idle',
    // what is refused before a route is found: an address that cannot be decoded, a name that is far too long
    frameworkErrors: (error, _request, reply) => void sendError(fromFastify(error), reply),
    keepAliveTimeout: 72_000,
  }) as unknown as FastifyInstance
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.decorateRequest('actor', '')
  // answers that last (streams, polls that wait) would keep the server from closing
  const closing = new AbortController()
  app.decorate('closing', closing.signal)
  app.addHook('preClose', async () => closing.abort())
  const parseJson = app.getDefaultJsonParser('error', 'error') as (
    request: unknown,
    body: string,
    done: (error: Error | null, body?: unknown) => void,
  ) => void
  app.removeContentTypeParser('application/json')
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    try {
      parseJson(request, decodeUtf8(body as Buffer), (error, value) => {
        if (!error) refuseDeep(value)
        done(error, value)
      })
    } catch (error) {
      done(error as Error)
    }
  })

  const definitions: RouteOptions[] = []
  app.addHook('onRoute', (definition) => void definitions.push(definition))
  app.addHook('onReady', async () => {
    for (const { config, method, url } of definitions)
      if (!config?.permission) throw new Error(`The route ${String(method)} ${url} names no permission`)
  })

  app.addHook('onRequest', async (request) => {
    guardOrigin(request.headers, options.allowedHosts)
    const { project: named } = (request.params ?? {}) as { project?: string }
    if (named !== undefined && !projectName.test(named))
      throw new KedgeError('invalid_input', {
        what: `${JSON.stringify(named.slice(0, 100))} is not a project name: lower-case letters, digits, - and _, at most 63`,
      })
    const permission = request.routeOptions.config?.permission
    if (permission === 'public' || permission === undefined) return
    const caller = await options.identify(request.headers.authorization)
    if (!caller) throw new KedgeError('unauthenticated')
    request.actor = caller.actor
    const project = named ?? request.routeOptions.config?.project
    if (!caller.may(permission, project)) throw new KedgeError('forbidden', { permission })
  })

  const { ensureProject } = options
  if (ensureProject) {
    const known = new Set<string>()
    // whoever may write into a project by any protocol need not declare it first; who only asks makes none
    app.addHook('onSend', (request, reply, payload, done) => {
      const { permission, project: fixed } = request.routeOptions.config ?? {}
      const project = (request.params as { project?: string } | null)?.project ?? fixed
      if (
        project === undefined ||
        known.has(project) ||
        reply.statusCode >= 400 ||
        request.method === 'GET' ||
        permission === undefined ||
        permission === 'read' ||
        permission === 'public' ||
        permission === 'internal'
      )
        return done(null, payload)
      ensureProject({ actor: request.actor }, project).then(
        () => {
          known.add(project)
          done(null, payload)
        },
        (error) => done(error),
      )
    })
  }

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = fromFastify(error)
    if (known.class === 'internal')
      request.log.error({ err: known.cause, id: request.id, url: request.url }, 'a request failed inside Kedge')
    sendError(known, reply, known.class === 'internal' ? { id: request.id } : {})
  })
  app.setNotFoundHandler((request, reply) => {
    const error = new KedgeError('not_found', { kind: 'Route', name: `${request.method} ${request.url.split('?')[0]}` })
    sendError(error, reply)
  })
  return app
}

function sendError(error: KedgeError, reply: FastifyReply, further: object = {}) {
  if (error.class === 'overloaded' || error.class === 'unavailable') reply.header('retry-after', '1')
  // a connection that is closed before the whole body has come is reset, and the sender never sees the answer
  if (error.class === 'too_large') reply.removeHeader('connection')
  reply.status(httpStatus[error.class]).send({ error: { ...error.toJSON(), ...further } })
}

/** Browsers name the page's origin; a page of another site, or a name that was rebound to this address, is refused. */
function guardOrigin(headers: { host?: string; origin?: string }, allowed: ReadonlySet<string>) {
  const names = [headers.host, headers.origin === 'null' ? 'null' : headers.origin?.replace(/^\w+:\/\//, '')]
  for (const name of names) {
    if (name === undefined) continue
    const host = name.replace(/:\d+$/, '').toLowerCase()
    if (!allowed.has(host)) throw new KedgeError('foreign_origin', { host })
  }
}

function fromFastify(error: FastifyError): KedgeError {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const places = error.validation.map((issue) => ({
      where: [error.validationContext, ...issue.instancePath.split('/').filter(Boolean)].join('.'),
      what: issue.message ?? 'is not valid',
    }))
    return new KedgeError(
      'invalid_input',
      { what: places.map((place) => `${place.where}: ${place.what}`).join('; ') },
      { places },
    )
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new KedgeError('too_large', { what: 'The body', limit: 'this route' }, { cause: error })
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return new KedgeError(
      'invalid_input',
      { what: 'The content type of the body is not one that this route takes' },
      { todo: 'Send JSON with the header "content-type: application/json".', cause: error },
    )
  if (error.code === 'FST_ERR_MAX_PARAM_LENGTH' || error.code === 'FST_ERR_BAD_URL')
    return new KedgeError(
      'invalid_input',
      { what: 'The address of the request cannot be read: a name in it is too long or not URL-encoded' },
      { todo: 'Check the names in the address.', cause: error },
    )
  if (error.code?.startsWith('FST_ERR_CTP') || error.statusCode === 400)
    return new KedgeError('invalid_input', { what: error.message }, { cause: error })
  return asKedgeError(error)
}
