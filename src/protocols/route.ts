import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Permission } from '../governance/permission.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    permission?: Permission
    /** the project that the route is of, when its address does not name one */
    project?: string
  }
  interface FastifyInstance {
    /** aborted when the server begins to close */
    closing: AbortSignal
  }
  interface FastifyRequest {
    /** who asks: `user/NAME`, `token/NAME`, `local` */
    actor: string
  }
}

type Schema = z.ZodType | undefined
type Inferred<S extends Schema> = S extends z.ZodType ? z.output<S> : unknown

export interface RouteDefinition<
  Params extends Schema,
  Query extends Schema,
  Body extends Schema,
  Answer extends Schema,
> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  url: string
  permission: Permission
  /** one sentence for the API's description */
  summary: string
  tag: string
  params?: Params
  query?: Query
  body?: Body
  /** the answer's form, for the API's description and the typed client */
  answer?: Answer
  status?: number
  handler(
    request: FastifyRequest & { params: Inferred<Params>; query: Inferred<Query>; body: Inferred<Body> },
    reply: FastifyReply,
  ): Promise<Answer extends z.ZodType ? z.input<Answer> : unknown>
}

/** Adds a route with everything that must stand beside it: permission, input and answer schemas, description. */
export function route<
  Params extends Schema = undefined,
  Query extends Schema = undefined,
  Body extends Schema = undefined,
  Answer extends Schema = undefined,
>(app: FastifyInstance, definition: RouteDefinition<Params, Query, Body, Answer>): void {
  app.route({
    method: definition.method,
    url: definition.url,
    config: { permission: definition.permission },
    schema: {
      summary: definition.summary,
      tags: [definition.tag],
      ...(definition.params ? { params: definition.params } : {}),
      ...(definition.query ? { querystring: definition.query } : {}),
      ...(definition.body ? { body: definition.body } : {}),
      ...(definition.answer ? { response: { [definition.status ?? 200]: definition.answer } } : {}),
    },
    handler: async (request, reply) => {
      if (definition.status) reply.status(definition.status)
      return definition.handler(request as never, reply)
    },
  })
}

/** Query fields of every list that is paged. */
export const page = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  offset: z.coerce.number().int().min(0).default(0),
})
