import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { openBlobDirectory } from '../../src/adapters/blobs/directory.ts'
import { channels } from '../../src/adapters/channels/index.generated.ts'
import { mlflowWebhook } from '../../src/adapters/channels/mlflow-webhook.ts'
import { type Automation, createAutomation } from '../../src/automation/automation.ts'
import type { BlobStore } from '../../src/contracts/blob-store.ts'
import { createAddressGuard } from '../../src/data/source/address-guard.ts'
import type { Environment } from '../../src/environment.ts'
import { KedgeError } from '../../src/errors.ts'
import { createSecrets } from '../../src/governance/secrets.ts'
import { createJobs, type Jobs } from '../../src/jobs/jobs.ts'
import { createJournal, type Journal } from '../../src/journal/journal.ts'
import { silentLog } from '../../src/log.ts'
import { createHttpServer, type HttpServerOptions } from '../../src/protocols/http-server.ts'
import { registryRoutes } from '../../src/protocols/kedge/registry-routes.ts'
import { traceRoutes } from '../../src/protocols/kedge/trace-routes.ts'
import { trackingRoutes } from '../../src/protocols/kedge/tracking-routes.ts'
import { mlflowRoutes } from '../../src/protocols/mlflow/mlflow-routes.ts'
import type { DatasetFiles } from '../../src/registry/gate.ts'
import { createRegistry, type Registry } from '../../src/registry/registry.ts'
import type { SqlStore } from '../../src/storage/sql/sql-store.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'
import { createTracking, type Tracking } from '../../src/tracking/tracking.ts'

export interface TrackingServer {
  /** http://127.0.0.1:port */
  address: string
  app: FastifyInstance
  store: SqlStore
  journal: Journal
  jobs: Jobs
  blobs: BlobStore
  tracking: Tracking
  registry: Registry
  automation: Automation
  stop(): Promise<void>
}

export interface TrackingServerOptions {
  store?: (directory: string) => Promise<SqlStore>
  files?: DatasetFiles
  port?: number
  clock?: () => number
  identify?: HttpServerOptions['identify']
  /** hosts that are called although they are not public */
  allowHosts?: string[]
}

/** Tracking and registry over real stores in `directory`, with MLflow's API and Kedge's own, on a free port of 127.0.0.1. */
export async function startTrackingServer(
  directory: string,
  options: TrackingServerOptions = {},
): Promise<TrackingServer> {
  mkdirSync(directory, { recursive: true })
  const clock = options.clock ?? Date.now
  const store = await (options.store?.(directory) ?? openSqlite(directory, clock))
  const journal = createJournal(store)
  const jobs = createJobs({
    store,
    journal,
    clock,
    log: silentLog,
    node: `test-${process.pid}`,
    pollInterval: 20,
  })
  const blobs = await openBlobDirectory(join(directory, 'blobs'))
  const environment = { store, journal, jobs, blobs, clock, log: silentLog, dataDirectory: directory }
  const tracking = createTracking(environment)
  const files = options.files ?? {
    localFile: async () => {
      throw new Error('this server has no datasets')
    },
  }
  const registry = createRegistry(environment, { tracking, files })
  const app = createHttpServer({
    log: silentLog,
    identify: options.identify ?? (async () => ({ actor: 'local', may: () => true })),
    allowedHosts: new Set(['127.0.0.1', 'localhost']),
  })
  const secrets = createSecrets(environment, Buffer.alloc(32, 7))
  const automation = createAutomation({ ...environment, node: `test-${process.pid}` } as unknown as Environment, {
    pipelines: { start: async () => ({ id: 0 }) },
    alerts: {
      async get(_, id) {
        throw new KedgeError('not_found', { kind: 'Alert', name: id })
      },
    },
    channels,
    checkedHost: createAddressGuard({ allowHosts: options.allowHosts ?? [] }).check,
    secret: secrets.get,
    secrets,
    webhook: mlflowWebhook,
    retries: { first: 20, longest: 100, attempts: 5 },
  })
  await automation.start()
  mlflowRoutes(app, { tracking, registry, automation })
  trackingRoutes(app, { tracking, registry })
  traceRoutes(app, { tracking })
  registryRoutes(app, { registry })
  const address = await app.listen({ host: '127.0.0.1', port: options.port ?? 0 })
  jobs.start()
  return {
    address,
    app,
    store,
    journal,
    jobs,
    blobs,
    tracking,
    registry,
    automation,
    async stop() {
      await app.close()
      await automation.stop()
      await jobs.stop()
      await blobs.close()
      await store.close()
    },
  }
}
