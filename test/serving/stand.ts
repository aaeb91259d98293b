import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBlobDirectory } from '../../src/adapters/blobs/directory.ts'
import { releaseAnalyses } from '../../src/adapters/release-analyses/index.generated.ts'
import type { Environment } from '../../src/environment.ts'
import { createJobs } from '../../src/jobs/jobs.ts'
import { createJournal } from '../../src/journal/journal.ts'
import { createLog, silentLog } from '../../src/log.ts'
import { createHttpServer } from '../../src/protocols/http-server.ts'
import { internalRoutes } from '../../src/protocols/internal/internal-routes.ts'
import { servingRoutes } from '../../src/protocols/kedge/serving-routes.ts'
import { createRegistry } from '../../src/registry/registry.ts'
import { type InferenceSupervisor, startInferenceSupervisor } from '../../src/serving/inference-supervisor.ts'
import type { InputProfileSource } from '../../src/serving/input-profiles.ts'
import type { PerformanceSource } from '../../src/serving/paired-loss.ts'
import { createServing, type Serving } from '../../src/serving/serving.ts'
import { putFolder } from '../../src/storage/blobs/folder.ts'
import type { EventsStore } from '../../src/storage/events/events-store.ts'
import type { SqlStore } from '../../src/storage/sql/sql-store.ts'
import { openSqlite } from '../../src/storage/sql/sqlite.ts'
import { createTracking } from '../../src/tracking/tracking.ts'
import { type RecordedRow, rowsOfRecords } from './recorded-rows.ts'

export const fixtures = new URL('../fixtures/models/', import.meta.url).pathname
export const expectedOf = (model: string) =>
  JSON.parse(readFileSync(join(fixtures, model, 'expected.json'), 'utf8')) as {
    instances: Record<string, number | string>[]
    rows: number[][]
    scores: number[]
  }

export const secret = 'a-secret-of-this-test'
const user = { actor: 'user/test' }

export interface Recorded extends RecordedRow {
  project: string
  endpoint: string
}

export interface Control {
  address: string
  environment: Environment
  serving: Serving
  registry: ReturnType<typeof createRegistry>
  /** what inference processes shipped, in order; a repeated token is taken once, as the events store does */
  recorded: Recorded[]
  /** registers a fixture as the next version of a model */
  version(model: string, fixture: string): Promise<number>
  stop(): Promise<void>
}

export interface ControlOptions {
  port?: number
  /** in place of an SQLite of its own */
  store?: () => Promise<SqlStore>
  /** folder of the blobs, in place of one of its own */
  blobs?: string
  performance?: PerformanceSource
  ingest?: (key: { project: string; endpoint: string }, rows: readonly RecordedRow[], token: string) => Promise<void>
  /** what references have, by revision; absent: nothing */
  inputProfile?: InputProfileSource
  /** permissions by `Authorization` header, each for all projects or, as `predict@PROJECT`, for one; absent: everybody may do everything */
  tokens?: Record<string, string[]>
}

let controls = 0

/** A control process's parts that serving needs, on real stores below `directory`. */
export async function startControl(directory: string, options: ControlOptions = {}): Promise<Control> {
  const log = process.env.KEDGE_TEST_LOG ? createLog(process.env.KEDGE_TEST_LOG) : silentLog
  const store = await (options.store?.() ?? openSqlite(directory, Date.now))
  const journal = createJournal(store)
  const node = `control-${process.pid}-${++controls}`
  const jobs = createJobs({ store, journal, clock: Date.now, log, node, pollInterval: 20 })
  const blobs = await openBlobDirectory(options.blobs ?? join(directory, 'blobs'))
  const environment: Environment = {
    store,
    journal,
    jobs,
    blobs,
    clock: Date.now,
    log,
    node,
    dataDirectory: directory,
    events: undefined as unknown as EventsStore,
  }
  const tracking = createTracking(environment)
  const files = {
    localFile: async () => {
      throw new Error('there are no datasets here')
    },
  }
  const registry = createRegistry(environment, { tracking, files })
  const serving = createServing({
    environment,
    registry,
    analyses: releaseAnalyses,
    ...(options.performance ? { performance: options.performance } : {}),
    ...(options.inputProfile ? { inputProfile: options.inputProfile } : {}),
  })
  const recorded: Recorded[] = []
  const tokens = new Set<string>()
  const ingest =
    options.ingest ??
    (async (key, rows, token) => {
      if (tokens.has(token)) return
      tokens.add(token)
      for (const row of rows) recorded.push({ ...key, ...row })
    })
  const identify = async (authorization: string | undefined) => {
    if (authorization === `Bearer ${secret}`) return { actor: 'kedge', may: () => true }
    const allowed = options.tokens
    if (allowed && !(authorization && allowed[authorization])) return undefined
    return {
      actor: 'user/test',
      may: (permission: string, project?: string) =>
        permission !== 'internal' &&
        (!allowed || [permission, `${permission}@${project}`].some((one) => allowed[authorization!]!.includes(one))),
    }
  }
  const app = createHttpServer({ log, identify, allowedHosts: new Set(['127.0.0.1']) })
  servingRoutes(app, { serving, blobs, resolveAlias: registry.aliases.resolve })
  internalRoutes(app, {
    ...{ serving, blobs, identify },
    async ingest(records, token) {
      for (const { project, endpoint, rows } of rowsOfRecords(records))
        await ingest({ project, endpoint }, rows, `${token}/${project}/${endpoint}`)
    },
  })
  const address = await app.listen({ host: '127.0.0.1', port: options.port ?? 0 })
  serving.start()
  jobs.start()
  return {
    address,
    environment,
    serving,
    registry,
    recorded,
    async version(model, fixture) {
      const { digest, bytes } = await putFolder(blobs, join(fixtures, fixture))
      await registry.models.ensure(user, 'default', model)
      return (
        await registry.versions.create(user, 'default', model, {
          artifact: { digest, kind: 'onnx', bytes },
          datasetVersions: [],
        })
      ).version
    },
    async stop() {
      await app.close()
      await serving.stop()
      await jobs.stop()
      await blobs.close()
      await store.close()
    },
  }
}

export const startInference = (control: string, directory: string, more: object = {}): Promise<InferenceSupervisor> =>
  startInferenceSupervisor({
    control,
    secret,
    directory,
    logLevel: process.env.KEDGE_TEST_LOG ?? 'silent',
    log: silentLog,
    orphanTime: 1000,
    ...more,
  })

export async function temporaryDirectory(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'kedge-serving-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/** Looks until it is so. */
export async function eventually<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  what = 'it',
  patience = 20_000,
): Promise<T> {
  const deadline = Date.now() + patience
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() > deadline) throw new Error(`${what} did not come about in ${patience} ms`)
    await new Promise((done) => setTimeout(done, 20))
  }
}

export async function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; body: never }> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  const text = await answer.text()
  return { status: answer.status, body: (text === '' ? undefined : JSON.parse(text)) as never }
}
