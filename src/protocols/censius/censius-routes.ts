import type { FastifyInstance } from 'fastify'
import { censiusScope } from './censius-scope.ts'
import { logRoutes } from './log-routes.ts'
import { nlpRoutes } from './nlp-routes.ts'
import { type RegisterDependencies, registerRoutes } from './register-routes.ts'

/** The API behind the Censius SDK, so that programs which log with it need only another address. */
export function censiusRoutes(app: FastifyInstance, services: RegisterDependencies): void {
  void app.register(async (inner) => {
    const scope = censiusScope(inner)
    registerRoutes(scope, services)
    logRoutes(scope, services.logged)
    nlpRoutes(scope, services)
  })
}
