import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import type { Domains } from './compose-domains.ts'
import type { Environment } from './environment.ts'
import type { Governance } from './governance/governance.ts'
import { censiusRoutes } from './protocols/censius/censius-routes.ts'
import { internalRoutes } from './protocols/internal/internal-routes.ts'
import { automationRoutes } from './protocols/kedge/automation-routes.ts'
import { backupRoutes } from './protocols/kedge/backup-routes.ts'
import { costRoutes } from './protocols/kedge/cost-routes.ts'
import { dataRoutes } from './protocols/kedge/data-routes.ts'
import { docsRoutes } from './protocols/kedge/docs-routes.ts'
import { explanationRoutes } from './protocols/kedge/explanation-routes.ts'
import { featureRoutes } from './protocols/kedge/feature-routes.ts'
import { garbageRoutes } from './protocols/kedge/garbage-routes.ts'
import { governanceRoutes } from './protocols/kedge/governance-routes.ts'
import { importRoutes } from './protocols/kedge/import-routes.ts'
import { journalRoutes } from './protocols/kedge/journal-routes.ts'
import { logRoutes } from './protocols/kedge/log-routes.ts'
import { monitoringRoutes } from './protocols/kedge/monitoring-routes.ts'
import { monitoringViewRoutes } from './protocols/kedge/monitoring-view-routes.ts'
import { pipelinesRoutes } from './protocols/kedge/pipelines-routes.ts'
import { projectRoutes } from './protocols/kedge/project-routes.ts'
import { registryRoutes } from './protocols/kedge/registry-routes.ts'
import { reportRoutes } from './protocols/kedge/report-routes.ts'
import { type ServerFacts, serverRoutes } from './protocols/kedge/server-routes.ts'
import { servingLoadRoutes } from './protocols/kedge/serving-load-routes.ts'
import { servingRoutes } from './protocols/kedge/serving-routes.ts'
import { streamRoutes } from './protocols/kedge/stream-routes.ts'
import { traceRoutes } from './protocols/kedge/trace-routes.ts'
import { trackingRoutes } from './protocols/kedge/tracking-routes.ts'
import { uiRoutes } from './protocols/kedge/ui-routes.ts'
import { mlflowRoutes } from './protocols/mlflow/mlflow-routes.ts'
import { lineageRoutes } from './protocols/openlineage/lineage-routes.ts'
import { otlpLogsRoutes } from './protocols/otlp-logs/otlp-logs-routes.ts'
import type { CollectMetrics } from './protocols/prometheus/collect-metrics.ts'
import { prometheusRoutes } from './protocols/prometheus/prometheus-routes.ts'
import { createModelImport } from './registry/import-models.ts'
import { createTrackingImport } from './tracking/import-content.ts'

/** Every protocol that the control process speaks. */
export async function addRoutes(
  app: FastifyInstance,
  environment: Environment,
  domains: Domains,
  governance: Governance,
  facts: ServerFacts,
  collectMetrics: CollectMetrics,
): Promise<void> {
  const { blobs } = environment
  const { registry, monitoring } = domains
  serverRoutes(app, environment, facts)
  prometheusRoutes(app, collectMetrics)
  governanceRoutes(app, governance)
  journalRoutes(app, environment)
  projectRoutes(app, domains)
  backupRoutes(app, domains)
  garbageRoutes(app, domains)
  dataRoutes(app, domains)
  lineageRoutes(app, environment, domains.data)
  streamRoutes(app, domains)
  featureRoutes(app, { data: domains.data, skew: domains.skew, clock: environment.clock })
  trackingRoutes(app, domains)
  traceRoutes(app, domains)
  registryRoutes(app, domains)
  costRoutes(app, domains)
  importRoutes(app, {
    tracking: domains.tracking,
    content: createTrackingImport(environment, domains.tracking),
    models: createModelImport(environment, { ...registry, tracking: domains.tracking }),
  })
  pipelinesRoutes(app, domains)
  automationRoutes(app, domains)
  servingRoutes(app, {
    ...domains,
    blobs,
    resolveAlias: (project, model, alias) => registry.aliases.resolve(project, model, alias).catch(() => null),
  })
  servingLoadRoutes(app, domains)
  reportRoutes(app, { monitoring, clock: environment.clock })
  monitoringRoutes(app, { monitoring })
  logRoutes(app, { logged: domains.logged, blobs, datasetFile: domains.data.datasets.version })
  censiusRoutes(app, {
    logged: domains.logged,
    blobs,
    async setWindow(actor, key, window) {
      const { settings } = await monitoring.settings(key)
      await monitoring.configure({ actor }, key, { ...settings, window })
    },
  })
  otlpLogsRoutes(app, domains)
  monitoringViewRoutes(app, { monitoring })
  explanationRoutes(app, domains)
  mlflowRoutes(app, domains)
  internalRoutes(app, {
    ...domains,
    blobs,
    ingest: monitoring.ingest.records,
    identify: governance.tokens.identify,
    background: domains.explanations.background,
    landed: domains.data.features.online.rowsSince,
  })
  docsRoutes(app)
  await uiRoutes(app, { directory: fileURLToPath(new URL('../web/dist', import.meta.url)) })
}
