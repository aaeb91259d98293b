import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Permission } from '../../governance/permission.ts'
import type { ChangeContext } from '../../journal/journal.ts'
import { type Fields, requestFields } from './fields.ts'

export interface MlflowCall {
  project: string
  context: ChangeContext
  fields: Fields
  /** parts of the path */
  params: Record<string, string>
  request: FastifyRequest
  reply: FastifyReply
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface MlflowScope {
  /** Adds one of MLflow's methods below `/api/2.0` (or the version given) and its mirror below `/ajax-api`. */
  add(
    method: Method | Method[],
    path: string,
    permission: Permission,
    handler: (call: MlflowCall) => unknown,
    version?: '2.0' | '3.0',
  ): void
  /** Adds an address as it is. */
  plain(method: Method | Method[], path: string, permission: Permission, handler: (call: MlflowCall) => unknown): void
}

/** Where routes go: at the root for the project `default`, below `/mlflow/:project` for every project. */
export function mlflowScope(app: FastifyInstance, base: string): MlflowScope {
  const plain: MlflowScope['plain'] = (method, path, permission, handler) => {
    app.route({
      method,
      url: `${base}${path}`,
      config: { permission, ...(base === '' ? { project: 'default' } : {}) },
      schema: { hide: true } as object,
      handler: async (request, reply) => {
        const params = request.params as Record<string, string>
        const answer = await handler({
          project: params.project ?? 'default',
          context: { actor: request.actor },
          fields: requestFields(request),
          params,
          request,
          reply,
        })
        // a handler that answered by itself returned the reply, which resolves to nothing
        if (reply.sent) return reply
        return answer === undefined ? {} : answer
      },
    })
  }
  return {
    plain,
    add(method, path, permission, handler, version = '2.0') {
      for (const root of ['api', 'ajax-api']) plain(method, `/${root}/${version}${path}`, permission, handler)
    },
  }
}

/** Answers with JSON that is written already. */
export const sendJson = (reply: FastifyReply, json: Buffer): FastifyReply =>
  reply.type('application/json; charset=utf-8').send(json)
