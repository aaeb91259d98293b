import type { FastifyInstance } from 'fastify'
import type { Domains } from './compose-domains.ts'
import type { Environment } from './environment.ts'
import type { Governance } from './governance/governance.ts'
import { dataRoutes } from './protocols/kedge/data-routes.ts'
import { docsRoutes } from './protocols/kedge/docs-routes.ts'
import { governanceRoutes } from './protocols/kedge/governance-routes.ts'
import { journalRoutes } from './protocols/kedge/journal-routes.ts'
import { monitoringRoutes } from './protocols/kedge/monitoring-routes.ts'
import { projectRoutes } from './protocols/kedge/project-routes.ts'
import { registryRoutes } from './protocols/kedge/registry-routes.ts'
import { type ServerFacts, serverRoutes } from './protocols/kedge/server-routes.ts'
import { trackingRoutes } from './protocols/kedge/tracking-routes.ts'
import { mlflowRoutes } from './protocols/mlflow/mlflow-routes.ts'

/** Every protocol that the control process speaks. */
export function addRoutes(app: FastifyInstance, environment: Environment, domains: Domains, governance: Governance, facts: ServerFacts): void {
  serverRoutes(app, environment, facts)
  governanceRoutes(app, governance)
  journalRoutes(app, environment)
  projectRoutes(app, domains)
  dataRoutes(app, domains)
  trackingRoutes(app, domains)
  registryRoutes(app, domains)
  monitoringRoutes(app, { ...domains, clock: environment.clock })
  mlflowRoutes(app, domains)
  docsRoutes(app)
}
