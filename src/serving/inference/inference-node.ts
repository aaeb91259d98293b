import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import type { ModelRuntime } from '../../contracts/model-runtime.ts'
import { asKedgeError, KedgeError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { InferenceReport } from '../inference-report.ts'
import { noCounters, type RevisionCounters } from '../revision-counters.ts'
import { type RoutedEndpoint, type RoutedRevision, type Routing, routing as routingSchema } from '../routing.ts'
import { type CallLine, createCallLine } from './call-line.ts'
import type { ControlClient } from './control-client.ts'
import { createLoadedModels, type ServedModel } from './loaded-models.ts'
import { createFactsStore } from './model-facts.ts'
import { createModelStore } from './model-store.ts'
import { createPredictor, type Predictor } from './predictor.ts'
import { createRecorder } from './recorder.ts'
import { createRequestLog } from './request-log.ts'
import { type ServedEndpoint, type ServedRevision, serveEndpoint, serveRevision } from './served-endpoint.ts'
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

interface RevisionStatus {
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
  const shipper = startSpoolShipper({ spool, control, log })
  const stopping = new AbortController()
  const routingFile = join(directory, 'routing.json')

  const counters = new Map<string, RevisionCounters>()
  const statuses = new Map<string, RevisionStatus>()
  /** revisions that are no longer routed, and how many more reports tell what they counted to the end */
  const leaving = new Map<string, number>()
  let current: Routing = { version: '', endpoints: [] }
  let table = new Map<string, ServedEndpoint>()
  let byName = new Map<string, ServedEndpoint>()
  let addresses: { http: string | null; grpc: string | null } = { http: null, grpc: null }
  let ids = 0

  const keyOf = (endpoint: number, revision: number) => `${endpoint}/${revision}`

  async function load(endpoint: RoutedEndpoint, revision: RoutedRevision): Promise<ServedRevision | undefined> {
    const key = keyOf(endpoint.id, revision.number)
    if (!statuses.has(key)) statuses.set(key, { state: 'loading', error: null })
    try {
      const loaded = await models.get(revision.kind, revision.artifact, () =>
        control.sample(endpoint.project, revision.model, revision.version),
      )
      const before = statuses.get(key)
      // what waits for the model goes on waiting in the same line
      const line =
        before?.line && before.loaded === loaded ? before.line : createCallLine(loaded, endpoint.limits, clock)
      line.limit(endpoint.limits)
      statuses.set(key, { state: 'ready', error: null, loaded, line })
      let counted = counters.get(key)
      if (!counted) {
        counted = noCounters()
        counters.set(key, counted)
      }
      return serveRevision(endpoint, revision, loaded, line, counted)
    } catch (error) {
      const known = asKedgeError(error)
      const away = known.class === 'unavailable'
      statuses.set(key, {
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

  /** Returns whether everything could be loaded that can ever be. */
  async function apply(next: Routing): Promise<boolean> {
    const served = await Promise.all(
      next.endpoints.map(async (endpoint) => {
        const wanted = endpoint.revisions.filter((revision) => revision.traffic > 0 || revision.shadow)
        const loaded = await Promise.all(wanted.map((revision) => load(endpoint, revision)))
        const missing = wanted.some((revision, i) => revision.traffic > 0 && !loaded[i])
        const before = table.get(`${endpoint.project}/${endpoint.name}`)
        // as long as one that should answer is not ready, the endpoint goes on as it was
        if (missing && before?.revisions.some((revision) => revision.traffic > 0)) return before
        return serveEndpoint(
          endpoint,
          loaded.filter((revision) => revision !== undefined),
        )
      }),
    )
    table = new Map(served.map((endpoint) => [`${endpoint.project}/${endpoint.name}`, endpoint]))
    byName = new Map(table)
    const names = Map.groupBy(served, (endpoint) => endpoint.name)
    for (const [name, endpoints] of names) if (endpoints.length === 1) byName.set(name, endpoints[0]!)
    current = next
    const live = new Set(
      served.flatMap((endpoint) => endpoint.revisions.map((revision) => keyOf(endpoint.id, revision.number))),
    )
    const routed = new Set(
      next.endpoints.flatMap((endpoint) => endpoint.revisions.map((revision) => keyOf(endpoint.id, revision.number))),
    )
    for (const key of statuses.keys())
      if (routed.has(key) || live.has(key)) leaving.delete(key)
      else if (!leaving.has(key)) leaving.set(key, lastReports)
    requests.keep(new Set(served.map((endpoint) => endpoint.id)))
    models.keep(new Set(served.flatMap((endpoint) => endpoint.revisions.map((revision) => revision.loaded))))
    const artifacts = new Set(
      next.endpoints.flatMap((endpoint) => endpoint.revisions.map((revision) => revision.artifact)),
    )
    await store.prune(artifacts).catch(() => {})
    await facts.prune(artifacts).catch(() => {})
    return ![...statuses].some(([key, status]) => status.state === 'loading' && !leaving.has(key))
  }

  function report(): InferenceReport {
    shareCpu(counters.values(), trials.busy())
    return {
      requests: requests.changed(),
      boot,
      node: options.node,
      routing: current.version,
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
    reporting ??= control
      .report(report())
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

  const wait = (milliseconds: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds)
      stopping.signal.addEventListener(
        'abort',
        () => {
          clearTimeout(timer)
          resolve()
        },
        { once: true },
      )
    })

  async function follow() {
    let complete = true
    let failures = 0
    while (!stopping.signal.aborted) {
      try {
        const next = await control.routing(current.version, complete ? 25_000 : 0, stopping.signal)
        failures = 0
        if (next) {
          // the models must be on the disk before the routing that names them
          complete = await apply(next)
          await writeFile(`${routingFile}.new`, JSON.stringify(next))
          await rename(`${routingFile}.new`, routingFile)
        } else if (!complete) complete = await apply(current)
        await reporting
        await sendReport()
        if (!complete) await wait(1000)
      } catch (error) {
        if (stopping.signal.aborted) return
        if (failures++ === 0) log.warn({ err: error }, 'control is away; serving goes on')
        await wait(Math.min(100 * 2 ** failures, 2000))
      }
    }
  }

  await apply(readRouting(routingFile)).catch((error) => log.error({ err: error }, 'the last routing cannot be served'))
  const following = follow()

  return {
    ...predictor,
    boot,
    find(name) {
      const endpoint = byName.get(name)
      if (!endpoint) throw new KedgeError('not_found', { kind: 'Endpoint', name })
      return endpoint
    },
    list: () => [...table.values()],
    trial: trials.of,
    failed: requests.failed,
    nextId: () => `${boot}-${(ids++).toString(36)}`,
    listening(where) {
      addresses = where
      void sendReport()
    },
    ready: () => [...table.values()].every((endpoint) => endpoint.revisions.some((revision) => revision.traffic > 0)),
    async stop() {
      stopping.abort()
      clearInterval(reports)
      await following
      await shadows.idle()
      await recorder.flushed()
      await shipper.stop()
      await sendReport()
      spool.close()
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
