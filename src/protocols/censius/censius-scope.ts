import { Readable } from 'node:stream'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { asKedgeError, KedgeError } from '../../errors.ts'
import type { Permission } from '../../governance/permission.ts'
import { decodeUtf8 } from '../decode-utf8.ts'
import { httpStatus } from '../http-status.ts'
import { refuseDeep } from '../refuse-deep.ts'

export interface CensiusCall {
  project: string
  actor: string
  request: FastifyRequest
}

export interface CensiusScope {
  /** Adds one of the SDK's calls; `path` follows `…/res/`. The body is checked before the handler is called. */
  add<Body extends z.ZodType>(
    path: string,
    permission: Permission,
    body: Body,
    handler: (call: CensiusCall, body: z.output<Body>) => Promise<object>,
  ): void
}

/** The gateway's address ends in a slash in the SDK's default, and need not. */
const roots = ['/api/sdkapi/:project/res', '//api/sdkapi/:project/res']
const named = ['/api/sdkapi/:number/res', '//api/sdkapi/:number/res']

/**
 * Where the SDK's calls go: the number of the project is the name of Kedge's project, unless the gateway's address names one
 * (`http://…/censius/flights`).
 */
export function censiusScope(app: FastifyInstance): CensiusScope {
  const urls = [...roots, ...named.map((path) => `/censius/:project${path}`)]
  app.removeAllContentTypeParsers()
  // a file part is read as it comes
  app.addContentTypeParser('multipart/form-data', (_request, payload, done) => done(null, payload))
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      const value: unknown = JSON.parse(decodeUtf8(body as Buffer))
      refuseDeep(value)
      done(null, value)
    } catch (error) {
      done(error instanceof KedgeError ? error : new KedgeError('invalid_input', { what: 'The body is no JSON' }))
    }
  })
  app.setErrorHandler(sendError)
  return {
    add(path, permission, schema, handler) {
      for (const url of urls)
        app.route({
          method: 'POST',
          url: `${url}/${path}`,
          config: { permission },
          schema: { hide: true } as object,
          handler: async (request) => {
            const { project } = request.params as { project: string }
            const body = request.body instanceof Readable ? request.body : parse(schema, request.body)
            return handler({ project, actor: request.actor, request }, body as never)
          },
        })
    },
  }
}

function parse(schema: z.ZodType, body: unknown): unknown {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const places = parsed.error.issues.map((issue) => ({ where: issue.path.join('.') || 'body', what: issue.message }))
  throw new KedgeError(
    'invalid_input',
    { what: places.map(({ where, what }) => `${where}: ${what}`).join('; ') },
    { places },
  )
}

/** The SDK gives `error` to its caller. */
function sendError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const known =
    error.code === 'FST_ERR_CTP_BODY_TOO_LARGE'
      ? new KedgeError('too_large', { what: 'The body', limit: 'this route' })
      : asKedgeError(error)
  if (known.class === 'internal') request.log.error({ err: error, url: request.url }, 'a request failed inside Kedge')
  return reply
    .status(httpStatus[known.class])
    .send({ status: 'error', error: `${known.message}. ${known.todo}`, code: known.code })
}

/** Any value of JSON by name. */
export const record = z.record(z.string(), z.unknown())
