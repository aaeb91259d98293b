import swagger from '@fastify/swagger'
import scalar from '@scalar/fastify-api-reference'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform } from 'fastify-type-provider-zod'

/** Must be awaited before the routes are added, so that it sees them. */
export async function describeApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Kedge', version, description: 'Errors: `{"error": {"code", "message", "todo", "places"?}}`. Times are milliseconds since 1970.' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }],
    },
    transform: jsonSchemaTransform,
  })
}

/** `/docs` for people, `/openapi.json` for tools. */
export async function docsRoutes(app: FastifyInstance): Promise<void> {
  app.get('/openapi.json', { config: { permission: 'public' }, schema: { hide: true } as never }, async () => app.swagger())
  app.addHook('onRoute', (definition) => {
    if (definition.url.startsWith('/docs')) definition.config = { ...definition.config, permission: 'public' }
  })
  await app.register(scalar, { routePrefix: '/docs', configuration: { url: '/openapi.json', title: 'Kedge API' } })
}
