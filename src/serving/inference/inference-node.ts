import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { ModelRuntime } from '../../contracts/model-runtime.ts'
import { asKedgeError, KedgeError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { InferenceReport } from '../inference-report.ts'
import { noCounters, type RevisionCounters } from '../revision-counters.ts'
import { type RoutedEndpoint, type RoutedRevision, type Routing, routing as routingSchema } from '../routing.ts'
import { type CallLine, createCallLine } from './call-line.ts'
import type { ControlClient } from './control-client.ts'
import { createFeatureTables } from './features/feature-tables.ts'
import { createLoadedModels, type ServedModel } from './loaded-models.ts'
import { createFactsStore } from './model-facts.ts'
import { createModelStore } from './model-store.ts'
import { createPredictor, type Predictor } from './predictor.ts'
import type { Pseudonyms } from './pseudonyms.ts'
import { createRecorder } from './recorder.ts'
import { createRequestLog } from './request-log.ts'
import { type ServedEndpoint, type ServedRevision, serveRevision } from './served-endpoint.ts'
import { createServedTable } from './served-table.ts'
import { createShadows } from './shadows.ts'
import { createCpuShares } from './share-cpu.ts'
import { openSpool } from './spool.ts'
import { startSpoolShipper } from './spool-shipper.ts'
import { createTrials } from './trial.ts'

export interface InferenceNodeOptions {
  /** models, routing and spool of this process; no other may use it */
  directory: string
  node: string
  control: ControlClient
  runtimes: readonly ModelRuntime[]
  /** in place of personal values on record */
  pseudonyms: Pseudonyms
  log: Logger
  clock: () => number
  /** what may wait in the spool at most */
  spoolBytes?: number
  reportInterval?: number
  /** bytes that models in memory may take together: a quarter of the machine's, at least 512 MiB, when absent */
  modelMemory?: number
  /** milliseconds after which a model that nobody calls leaves memory: 15 minutes when absent */
  modelIdle?: number
}

export interface InferenceNode extends Predictor {
  readonly boot: string
  /** By `NAME` where one project alone has it, or `PROJECT/NAME`. Errors: `not_found`. */
  find(name: string): ServedEndpoint
  list(): ServedEndpoint[]
  /** the endpoint for a prediction that is neither recorded nor counted */
  trial(endpoint: ServedEndpoint): ServedEndpoint
  /** Keeps a request that failed before it was predicted. */
  failed(endpoint: ServedEndpoint, error: unknown): void
  /** an id for a caller that brings none */
  nextId(): string
  /** Called by the listeners when they have their addresses. */
  listening(addresses: { http: string | null; grpc: string | null }): void
  /** whether everything routed has a revision that answers */
  ready(): boolean
  /** Ships what it can, then lets go of everything. */
  stop(): Promise<void>
}

type ReportedRuntime = InferenceReport['revisions'][number]['runtime']

/** requests that were in flight when the routing changed are counted by the last of them */
const lastReports = 3
/** milliseconds until a model that could not be fetched is tried again */
const retryAfter = 1000
const startTime = 10_000

interface RevisionStatus {
  artifact: string
  state: 'loading' | 'ready' | 'failed'
  error: string | null
  loaded?: ServedModel
  line?: CallLine
}

/**
 * What an inference process serves and how: routing by long poll, models and routing on the local disk, so that it goes on
 * (and starts again) without control. A new routing takes effect when its models are loaded and warm.
 */
export async function startInferenceNode(options: InferenceNodeOptions): Promise<InferenceNode> {
  const { directory, control, log, clock } = options
  mkdirSync(directory, { recursive: true })
  const boot = randomBytes(9).toString('base64url')
  const spool = openSpool({
    directory: join(directory, 'spool'),
    log,
    ...(options.spoolBytes ? { limitBytes: options.spoolBytes } : {}),
  })
  const recorder = createRecorder(spool)
  const shadows = createShadows({ recorder, clock, log })
  const store = createModelStore(join(directory, 'models'), control)
  const facts = createFactsStore(join(directory, 'facts'))
  const tables = createFeatureTables({ directory: join(directory, 'features'), control, log, clock })
  const models = createLoadedModels({
    store,
    facts,
    runtimes: options.runtimes,
    log,
    memory: options.modelMemory ?? Math.max(512 * 2 ** 20, totalmem() / 4),
    idle: options.modelIdle ?? 15 * 60_000,
  })
  const requests = createRequestLog({ clock })
  const trials = createTrials()
  const predictor = requests.watch(createPredictor({ recorder, shadows, clock, log }))
  const shareCpu = createCpuShares(() => {
    const { user, system } = process.cpuUsage()
    return user + system
  })
  /** of models that have processes of their own */
  const modelShares = new WeakMap<ServedModel, ReturnType<typeof createCpuShares>>()
  const shipper = startSpoolShipper({ spool, control, log, crowded: spool.limit / 4 })
  const stopping = new AbortController()
  const routingFile = join(directory, 'routing.json')

  const counters = new Map<string, RevisionCounters>()
  const statuses = new Map<string, RevisionStatus>()
  /** revisions that are no longer routed, and how many more reports tell what they counted to the end */
  const leaving = new Map<string, number>()
  let wanted: Routing = { version: '', endpoints: [] }
  /** version of the routing that is served as a whole */
  let served = ''
  let again: NodeJS.Timeout | undefined
  let addresses: { http: string | null; grpc: string | null } = { http: null, grpc: null }
  let ids = 0

  const keyOf = (endpoint: number, revision: number) => `${endpoint}/${revision}`

  async function load(endpoint: RoutedEndpoint, revision: RoutedRevision): Promise<ServedRevision | undefined> {
    const key = keyOf(endpoint.id, revision.number)
    if (!statuses.has(key)) statuses.set(key, { artifact: revision.artifact, state: 'loading', error: null })
    try {
      const loaded = await models.get(revision.kind, revision.artifact, () =>
        control.sample(endpoint.project, revision.model, revision.version),
      )
      const features = endpoint.features && (await tables.get(endpoint.project, endpoint.features))
      const before = statuses.get(key)
      // what waits for the model goes on waiting in the same line
      const line =
        before?.line && before.loaded === loaded ? before.line : createCallLine(loaded, endpoint.limits, clock)
      line.limit(endpoint.limits)
      statuses.set(key, { artifact: revision.artifact, state: 'ready', error: null, loaded, line })
      let counted = counters.get(key)
      if (!counted) {
        counted = noCounters()
        counters.set(key, counted)
      }
      warnOfUnknown(endpoint, revision, loaded)
      const { pseudonyms } = options
      return serveRevision(endpoint, revision, loaded, line, { pseudonyms, features, counters: counted })
    } catch (error) {
      const known = asKedgeError(error)
      const away = known.class === 'unavailable'
      statuses.set(key, {
        artifact: revision.artifact,
        state: away ? 'loading' : 'failed',
        error: known.class === 'internal' ? String(error) : known.message,
      })
      log[away ? 'warn' : 'error'](
        { endpoint: endpoint.name, revision: revision.number, err: error },
        'a revision cannot be loaded',
      )
      return undefined
    }
  }

  /** A name that is written otherwise than in the model masks nothing. */
  function warnOfUnknown(
    { name, personal, features }: RoutedEndpoint,
    { number }: RoutedRevision,
    { description }: ServedModel,
  ) {
    const unknown = Object.keys(personal).filter(
      (one) => one !== '$id' && one !== features?.key && !description?.features.some((feature) => feature.name === one),
    )
    if (description && unknown.length > 0)
      log.warn({ endpoint: name, revision: number, unknown }, 'the model has no such features as are marked personal')
  }

  const table = createServedTable(load)

  /** Serves a routing, and lets go of what it no longer names. A model that is away now is tried again. */
  async function bring(next: Routing): Promise<void> {
    clearTimeout(again)
    wanted = next
    if (!(await table.apply(next))) return
    const kept = [...next.endpoints, ...table.list()].flatMap((endpoint) =>
      endpoint.revisions.map((revision) => ({ ...revision, key: keyOf(endpoint.id, revision.number) })),
    )
    const keys = new Set(kept.map(({ key }) => key))
    for (const key of statuses.keys())
      if (keys.has(key)) leaving.delete(key)
      else if (!leaving.has(key)) leaving.set(key, lastReports)
    requests.keep(new Set(next.endpoints.map((endpoint) => endpoint.id)))
    models.keep(kept)
    const artifacts = new Set(kept.map(({ artifact }) => artifact))
    await store.prune(artifacts).catch(() => {})
    await facts.prune(artifacts).catch(() => {})
    await tables.keep(
      [...next.endpoints, ...table.list()].flatMap(({ project, features }) =>
        features ? [{ project, features }] : [],
      ),
    )
    if (wanted !== next) return
    if ([...statuses].some(([key, status]) => status.state === 'loading' && !leaving.has(key)))
      again = setTimeout(() => void bring(wanted).catch(failed), retryAfter)
    if (served !== next.version) {
      // the models must be on the disk before the routing that names them
      await writeFile(`${routingFile}.new`, JSON.stringify(next))
      await rename(`${routingFile}.new`, routingFile)
      served = next.version
    }
    await reporting
    await sendReport()
  }
  const failed = (error: unknown) => log.error({ err: error }, 'a routing cannot be served')

  function report(): InferenceReport {
    shareCpu(counters.values(), trials.busy())
    for (const [loaded, users] of Map.groupBy(statuses, ([, status]) => status.loaded)) {
      if (loaded?.cpu === undefined) continue
      let share = modelShares.get(loaded)
      if (!share) {
        share = createCpuShares(() => loaded.cpu ?? 0)
        modelShares.set(loaded, share)
      }
      const own = users.flatMap(([key]) => counters.get(key) ?? [])
      share(own, trials.busy(users[0]![1].artifact))
    }
    return {
      requests: requests.changed(),
      boot,
      node: options.node,
      routing: served,
      addresses,
      memory: process.memoryUsage.rss(),
      models: models.status(),
      spool: spool.status(),
      revisions: [...statuses].map(([key, status]) => {
        const [endpoint, revision] = key.split('/').map(Number)
        const description = status.loaded?.description
        return {
          endpoint: endpoint!,
          revision: revision!,
          state: status.state,
          error: status.error,
          task: description?.task ?? null,
          features: description?.features.map(({ name, type }) => ({ name, type })) ?? null,
          runtime: status.loaded && status.line ? runtimeOf(status.loaded, status.line) : null,
          counters: counters.get(key) ?? noCounters(),
        }
      }),
    }
  }

  let reporting: Promise<void> | undefined
  const sendReport = () => {
    // also what cannot be asked of the system now is told with the next one
    reporting ??= (async () => control.report(report()))()
      .then(() => {
        for (const [key, left] of leaving) {
          leaving.set(key, left - 1)
          if (left > 1) continue
          leaving.delete(key)
          // its counters stay: should it come back, they must go on rising
          statuses.delete(key)
        }
      })
      .catch((error) => {
        requests.tellAgain()
        log.debug({ err: error }, 'control does not take the report')
      })
      .finally(() => {
        reporting = undefined
      })
    return reporting
  }
  const reports = setInterval(sendReport, options.reportInterval ?? 500)
  reports.unref()

  const wait = (milliseconds: number) => pause(milliseconds, undefined, { signal: stopping.signal }).catch(() => {})

  async function follow() {
    let failures = 0
    while (!stopping.signal.aborted) {
      try {
        const next = await control.routing(wanted.version, 25_000, stopping.signal)
        failures = 0
        if (next) void bring(next).catch(failed)
      } catch (error) {
        if (stopping.signal.aborted) return
        if (failures++ === 0) log.warn({ err: error }, 'control is away; serving goes on')
        await wait(Math.min(100 * 2 ** failures, 2000))
      }
    }
  }

  // what was served last is ready before anybody is answered, unless it takes very long
  await Promise.race([bring(readRouting(routingFile)).catch(failed), wait(startTime)])
  const following = follow()

  return {
    ...predictor,
    boot,
    find(name) {
      const endpoint = table.find(name)
      if (!endpoint) throw new KedgeError('not_found', { kind: 'Endpoint', name })
      return endpoint
    },
    list: table.list,
    trial: trials.of,
    failed: requests.failed,
    nextId: () => `${boot}-${(ids++).toString(36)}`,
    listening(where) {
      addresses = where
      void sendReport()
    },
    ready: () => table.list().every((endpoint) => endpoint.revisions.some((revision) => revision.traffic > 0)),
    async stop() {
      stopping.abort()
      clearInterval(reports)
      clearTimeout(again)
      await following
      await shadows.idle()
      await recorder.flushed()
      await shipper.stop()
      await sendReport()
      spool.close()
      tables.stop()
      await models.close()
    },
  }
}

function runtimeOf({ facts, resident }: ServedModel, { calls }: CallLine): ReportedRuntime {
  const { place, microseconds, chunk, loadMilliseconds, bytes, verified } = facts
  return { place, microseconds, chunk, loadMilliseconds, bytes, verified, resident, calls: { ...calls } }
}

function readRouting(path: string): Routing {
  try {
    return routingSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return { version: '', endpoints: [] }
  }
}
