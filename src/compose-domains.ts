import { join, resolve } from 'node:path'
import { channels } from './adapters/channels/index.generated.ts'
import { mlflowWebhook } from './adapters/channels/mlflow-webhook.ts'
import { driftMetrics } from './adapters/drift-metrics/index.generated.ts'
import { executors } from './adapters/executors/index.generated.ts'
import { expectations } from './adapters/expectations/index.generated.ts'
import { monitors } from './adapters/monitors/index.generated.ts'
import { operations } from './adapters/operations/index.generated.ts'
import { places } from './adapters/places/index.generated.ts'
import { releaseAnalyses } from './adapters/release-analyses/index.generated.ts'
import { sources as pulled } from './adapters/sources/index.generated.ts'
import { streams } from './adapters/streams/index.generated.ts'
import { createAutomation } from './automation/automation.ts'
import { createBackups } from './backup/create-backup.ts'
import type { Config } from './config.ts'
import { asSource } from './contracts/stream-source.ts'
import { createData } from './data/data.ts'
import { createAddressGuard } from './data/source/address-guard.ts'
import type { Environment } from './environment.ts'
import { createGarbage } from './garbage/create-garbage.ts'
import { nameBlobs } from './garbage/name-blobs.ts'
import type { Governance } from './governance/governance.ts'
import { startLineageReader } from './journal/lineage.ts'
import { createExplanations } from './monitoring/explanations.ts'
import { createFeatureSkew } from './monitoring/feature-skew.ts'
import { createDescribeExternal } from './monitoring/log-describe.ts'
import { createLoggedModels } from './monitoring/logged-models.ts'
import { createMonitoring } from './monitoring/monitoring.ts'
import { type BucketAccess, createParquetTable } from './monitoring/parquet-table.ts'
import { createDescribeEndpoint } from './monitoring/watched-revision.ts'
import { createAccounts } from './pipelines/accounts.ts'
import { createPipelines } from './pipelines/pipelines.ts'
import { createProjectFile } from './project-file/project-file.ts'
import { createRegistryCollection } from './registry/collect.ts'
import { createRegistry } from './registry/registry.ts'
import { createExplainAside } from './serving/explain/explain-aside.ts'
import type { Pseudonyms } from './serving/inference/pseudonyms.ts'
import { createServing } from './serving/serving.ts'
import type { EventsStore } from './storage/events/events-store.ts'
import { createTrackingCollection } from './tracking/collect.ts'
import { createTracking } from './tracking/tracking.ts'

export interface ComposeOptions {
  config: Config
  governance: Governance
  /** the SQL engine over files of this machine */
  engine: EventsStore
  /** how a ClickHouse server reads the blobs */
  bucket: BucketAccess | undefined
  /** address of this server, once it listens */
  serverUrl(): string | undefined
  /** what stands on record in place of a personal value */
  pseudonyms: Pseudonyms
  /** the key that they have in a project, sealed for inference processes */
  sealedPseudonymKey(project: string): string
}

const sources = [...pulled, ...streams.map(asSource)]

/** Every domain with what it needs of the others; the order is that of their imports. */
export function composeDomains(
  environment: Environment,
  { config, governance, engine, bucket, serverUrl, pseudonyms, sealedPseudonymKey }: ComposeOptions,
) {
  // whoever has a token for data is not thereby allowed to read every file of this machine
  const sourceFolders =
    config.sourceFolder?.map((path) => resolve(path)) ??
    (config.auth === 'token' ? [join(config.data, 'files')] : undefined)
  const data = createData(environment, {
    extensions: { sources, streams, operations, expectations },
    places,
    secret: governance.secrets.get,
    allowHosts: config.allowSourceHost,
    ...(sourceFolders ? { sourceFolders } : {}),
    engine,
    executors,
  })
  const tracking = createTracking(environment)
  const registry = createRegistry(environment, {
    tracking,
    files: {
      localFile: async (project, dataset, version) =>
        data.datasets.localFile(await data.datasets.version(project, dataset, version)),
    },
  })
  const prices = {
    currency: config.currency,
    cpuHour: config.priceCpuHour,
    gpuHour: config.priceGpuHour,
    gibHour: config.priceGibHour,
  }
  const pipelines = createPipelines(environment, {
    prices,
    datasets: data.datasets,
    tracking,
    registry,
    executors,
    serverUrl,
    ...(config.auth === 'token' ? { stepToken: async (project: string) => governance.tokens.forStep(project) } : {}),
    variables: process.env,
  })
  const table = createParquetTable(environment, bucket)
  const monitoring = createMonitoring({
    environment,
    describe: createDescribeExternal(createDescribeEndpoint(environment.store), environment),
    table,
    kinds: monitors,
    metrics: driftMetrics,
    pseudonyms,
  })
  const explanations = createExplanations({
    environment,
    table,
    aside: createExplainAside({ print: (line) => environment.log.info({ line }, 'the process that explains says') }),
  })
  const logged = createLoggedModels({
    environment,
    ingest: monitoring.ingest,
    engine,
    datasetFile: (project, dataset, version) => data.datasets.version(project, dataset, version),
  })
  const serving = createServing({
    environment,
    registry,
    analyses: releaseAnalyses,
    performance: (key, first, second) => monitoring.compareRevisions(key, first, second, 0, farFuture),
    inputProfile: monitoring.inputProfile,
    sealedKey: sealedPseudonymKey,
    datasets: { ...data.datasets, view: data.features.online.base },
  })
  const skew = createFeatureSkew(environment, {
    endpoints: serving.endpoints,
    async types({ project, name }) {
      const { plan } = await data.features.planned(await data.features.views.get(project, name))
      return new Map(plan.features.map((feature) => [feature.name, feature.type]))
    },
    lookup: async ({ project, name }, moments) =>
      data.features.online.lookup(await data.features.views.get(project, name), moments),
  })
  const automation = createAutomation(environment, {
    pipelines,
    alerts: monitoring.alerts,
    channels,
    checkedHost: createAddressGuard({ allowHosts: config.allowSourceHost }).check,
    secret: governance.secrets.get,
    secrets: governance.secrets,
    webhook: mlflowWebhook,
  })
  const backups = createBackups({
    environment,
    embedded: config.sql === undefined && config.events === undefined && config.blobs === undefined,
  })
  const garbage = createGarbage({
    environment,
    columns: nameBlobs,
    tracking: createTrackingCollection(environment),
    registry: createRegistryCollection(environment),
  })
  const projectFile = createProjectFile(
    { projects: governance.projects, data, registry, pipelines, serving, monitoring, logged, automation },
    { sources, operations, expectations, channels },
  )

  const lineage: { stop(): Promise<void> }[] = []
  return {
    data,
    tracking,
    registry,
    pipelines,
    accounts: createAccounts(environment, prices),
    monitoring,
    explanations,
    logged,
    serving,
    skew,
    automation,
    projectFile,
    backups,
    garbage,
    /** Starts the readers of the journal. */
    async start() {
      await data.start()
      lineage.push(startLineageReader(environment))
      await logged.start()
      serving.start()
      await automation.start()
      await explanations.start()
      await skew.start()
      await monitoring.start()
    },
    async stop() {
      await automation.stop()
      await explanations.stop()
      await serving.stop()
      await pipelines.stop()
      await Promise.all(lineage.map((reader) => reader.stop()))
    },
  }
}

const farFuture = 4_102_444_800_000

export type Domains = ReturnType<typeof composeDomains>
