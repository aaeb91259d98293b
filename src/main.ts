import { createHmac, randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { addRoutes } from './add-routes.ts'
import { composeDomains } from './compose-domains.ts'
import { type Config, isLoopback } from './config.ts'
import type { Environment } from './environment.ts'
import { KedgeError } from './errors.ts'
import { createGovernance } from './governance/governance.ts'
import { installationSecret } from './governance/installation-secret.ts'
import { secretKey } from './governance/secrets.ts'
import { createJobs } from './jobs/jobs.ts'
import { createJournal } from './journal/journal.ts'
import type { Logger } from './log.ts'
import { bucketAccess, openBlobs, openEngine, openEvents, openSql } from './open-stores.ts'
import { createHttpServer } from './protocols/http-server.ts'
import { describeApi } from './protocols/kedge/docs-routes.ts'
import type { ServerFacts } from './protocols/kedge/server-routes.ts'
import { createLineageEmitter } from './protocols/openlineage/emit-lineage.ts'
import { pushMetrics } from './protocols/otlp-metrics/push-metrics.ts'
import { createCollectMetrics } from './protocols/prometheus/collect-metrics.ts'
import { createPseudonyms } from './serving/inference/pseudonyms.ts'
import { type InferenceSupervisor, startInferenceSupervisor } from './serving/inference-supervisor.ts'
import { pseudonymKey, sealPseudonymKey } from './serving/pseudonym-key.ts'
import { makeDirectory } from './storage/make-directory.ts'
import { version } from './version.ts'

export interface Kedge {
  /** http://host:port of UI and API */
  address: string
  /** Resolves with all addresses when predictions are served too. Errors: `port_in_use`, `unavailable`. */
  ready(): Promise<ServerFacts['addresses']>
  environment: Environment
  /** Lets go of memory that only makes the next requests quicker. */
  rest(): void
  /** Finishes what is running, then lets go of everything. */
  stop(): Promise<void>
}

/**
 * The composition root: configuration → stores → services → protocols. Resolves when the server answers.
 * Errors: `port_in_use`, `data_directory_in_use`, `data_directory_newer`, `unavailable` (a store).
 */
export async function startKedge(config: Config, log: Logger, clock: () => number = Date.now): Promise<Kedge> {
  try {
    makeDirectory(config.data)
  } catch (error) {
    if (!(error instanceof KedgeError)) throw error
    throw new KedgeError('data_directory_unusable', error.details, { cause: error })
  }
  const startedAt = clock()
  const node = `${hostname()}:${process.pid}:${randomBytes(3).toString('hex')}`
  const store = await openSql(config, clock)
  const journal = createJournal(store)
  const jobs = createJobs({ store, journal, clock, log, node })
  const events = await openEvents(config, log)
  const engine = await openEngine(config, log, events)
  const environment: Environment = {
    store,
    journal,
    jobs,
    events,
    blobs: await openBlobs(config, process.env),
    clock,
    log,
    node,
    dataDirectory: config.data,
  }
  const key = secretKey(config.data, config.secretKey)
  // the same after a restart, so that an inference process which outlived control is still known
  const internalSecret = config.internalSecret ?? createHmac('sha256', key).update('internal').digest('hex')
  // installations that there were before it was kept have their pseudonyms from the shared secret
  const personalSecret = await installationSecret(environment, key, 'pseudonyms', async () =>
    (await store.read.selectFrom('endpoints').select('id').limit(1).executeTakeFirst())
      ? internalSecret
      : randomBytes(32).toString('hex'),
  )
  const governance = createGovernance(environment, {
    auth: config.auth ?? 'none',
    adminToken: config.adminToken,
    internalSecret,
    secretKey: key,
  })

  const app = createHttpServer({
    log,
    identify: governance.tokens.identify,
    allowedHosts: allowedHosts(config),
    ensureProject: governance.projects.ensure,
  })
  await describeApi(app, version)
  const addresses: ServerFacts['addresses'] = { http: '', inference: null, grpc: null }
  const domains = composeDomains(environment, {
    config,
    governance,
    engine,
    bucket: await bucketAccess(config, process.env),
    serverUrl: () => addresses.http || undefined,
    pseudonyms: createPseudonyms(personalSecret),
    sealedPseudonymKey: (project) => sealPseudonymKey(internalSecret, project, pseudonymKey(personalSecret, project)),
  })
  let inference: InferenceSupervisor | undefined
  const facts: ServerFacts = {
    version,
    startedAt,
    roles: config.roles,
    get addresses() {
      return { ...addresses, inference: inference?.addresses?.http ?? null, grpc: inference?.addresses?.grpc ?? null }
    },
    nodes: () => domains.serving.reports.nodes(),
    inference: () => inference && { pid: inference.pid ?? null, restarts: inference.restarts },
  }
  const collectMetrics = createCollectMetrics({
    ...domains,
    environment,
    projects: governance.projects.list,
    version,
    startedAt,
  })
  await addRoutes(app, environment, domains, governance, facts, collectMetrics)

  addresses.http = await listen(app, config)
  await domains.start()
  const lineage = config.openlineageUrl
    ? createLineageEmitter(environment, domains.data, { url: config.openlineageUrl, apiKey: config.openlineageApiKey })
    : undefined
  lineage?.start()
  jobs.start()
  await journal.change({ actor: 'system' }, async (change) =>
    change.append({
      type: 'server.started',
      project: '',
      subject: `server/${node}`,
      data: { version, roles: [...config.roles] },
    }),
  )
  const inferenceStarts = config.roles.includes('inference')
    ? startInference(config, addresses.http, internalSecret, log).then((supervisor) => {
        inference = supervisor
      })
    : Promise.resolve()
  // whoever awaits `ready` gets the error
  inferenceStarts.catch(() => {})
  const metrics = config.otlpUrl
    ? pushMetrics({
        url: config.otlpUrl,
        headers: Object.fromEntries((config.otlpHeaders ?? '').split(',').filter(Boolean).map(headerOf)),
        interval: config.otlpInterval * 1000,
        collect: collectMetrics,
        log,
        clock,
        startedAt,
        version,
        node,
      })
    : undefined

  return {
    address: addresses.http,
    ready: async () => {
      await inferenceStarts
      return facts.addresses
    },
    environment,
    rest: () => store.rest(),
    async stop() {
      await metrics?.stop()
      await lineage?.stop()
      await inferenceStarts.catch(() => {})
      await inference?.stop()
      await app.close()
      // what never ends by itself would make the queue wait
      await domains.data.stop()
      await jobs.stop()
      await domains.stop()
      await engine.close()
      await events.close()
      await environment.blobs.close()
      await store.close()
    },
  }
}

/** Only the inference process, for a control process elsewhere. Errors: `invalid_input` without its address or the shared secret. */
export async function startInferenceAlone(
  config: Config,
  log: Logger,
): Promise<Pick<Kedge, 'address' | 'ready' | 'rest' | 'stop'>> {
  const { control, internalSecret } = config
  if (!control || !internalSecret)
    throw new KedgeError(
      'invalid_input',
      { what: 'An inference process that runs alone needs the address of control and the secret that they share' },
      { todo: 'Give --control http://host:4700 and KEDGE_INTERNAL_SECRET, the same as control has.' },
    )
  const supervisor = await startInference(config, control, internalSecret, log)
  const addresses = () => ({
    http: control,
    inference: supervisor.addresses?.http ?? null,
    grpc: supervisor.addresses?.grpc ?? null,
  })
  return {
    address: supervisor.addresses?.http ?? '',
    ready: async () => addresses(),
    rest() {},
    stop: () => supervisor.stop(),
  }
}

/** The inference process of this machine; alone it needs `config.control` and the secret of its installation. */
function startInference(config: Config, control: string, secret: string, log: Logger): Promise<InferenceSupervisor> {
  const loopback = control.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
  return startInferenceSupervisor({
    control: loopback,
    secret,
    log,
    directory: join(config.data, 'inference'),
    host: config.host,
    httpPort: config.inferencePort ?? (config.port === 0 ? 0 : config.port + 1),
    grpcPort: config.grpcPort ?? (config.port === 0 ? 0 : config.port + 2),
    auth: config.auth ?? 'none',
    allowedHosts: [...allowedHosts(config)],
    logLevel: config.logLevel,
    ...(config.modelMemory ? { modelMemory: config.modelMemory } : {}),
  })
}

function headerOf(text: string): [string, string] {
  const at = text.indexOf('=')
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

async function listen(app: FastifyInstance, config: Config): Promise<string> {
  try {
    return await app.listen({ host: config.host, port: config.port })
  } catch (error) {
    if ((error as { code?: string }).code === 'EADDRINUSE')
      throw new KedgeError('port_in_use', { port: config.port, host: config.host }, { cause: error })
    throw error
  }
}

function allowedHosts(config: Config): Set<string> {
  const own = ['localhost', '127.0.0.1', '[::1]', config.host, ...config.allowedHost]
  return new Set((isLoopback(config.host) ? own : [...own, hostname()]).map((host) => host.toLowerCase()))
}
