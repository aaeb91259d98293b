import swagger from '@fastify/swagger'
import fastify, { type FastifyInstance } from 'fastify'
import { jsonSchemaTransform } from 'fastify-type-provider-zod'

/** Must be awaited before the routes are added, so that it sees them. */
export async function describeApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Kedge',
        version,
        description: 'Errors: `{"error": {"code", "message", "todo", "places"?}}`. Times are milliseconds since 1970.',
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
  })
}

/** `/docs` for people, `/openapi.json` for tools. The pages are 4 MB of script: loaded when somebody first asks for them. */
export function docsRoutes(app: FastifyInstance): void {
  const hidden = { config: { permission: 'public' as const }, schema: { hide: true } as never }
  app.get('/openapi.json', hidden, async () => app.swagger())

  let pages: Promise<FastifyInstance> | undefined
  const loadPages = async () => {
    const { default: scalar } = await import('@scalar/fastify-api-reference')
    const own = fastify() as unknown as FastifyInstance
    await own.register(scalar, { routePrefix: '/docs', configuration: { url: '/openapi.json', title: 'Kedge API' } })
    return own
  }
  app.get('/docs', hidden, (_request, reply) => reply.redirect('/docs/'))
  app.get('/docs/*', hidden, async (request, reply) => {
    pages ??= loadPages()
    const answer = await (await pages).inject({ method: 'GET', url: request.url })
    reply.status(answer.statusCode).headers(answer.headers as Record<string, string>)
    return reply.send(answer.rawPayload)
  })
}
