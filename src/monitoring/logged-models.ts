import { rm } from 'node:fs/promises'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { ChangeContext } from '../journal/journal.ts'
import type { EventsStore } from '../storage/events/events-store.ts'
import { createArrivingActuals } from './actuals-arriving.ts'
import { readUnknownActuals } from './actuals-unknown.ts'
import { day } from './event-day.ts'
import type { Ingest } from './ingest.ts'
import type { ColumnRoles } from './log-columns.ts'
import type { ExternalEndpointSpecInput } from './log-endpoint-spec.ts'
import { createExternalEndpoints, type ExternalEndpoint } from './log-endpoints.ts'
import { createLoggedExplanations } from './log-explanations.ts'
import { createLogFiles, type LocalFile, type LogReading } from './log-files.ts'
import { createLoggedReferences } from './log-references.ts'
import { createRegistrations } from './log-registrations.ts'
import { type LoggedItem, type LoggedRow, readLoggedActuals, readLoggedRows } from './log-rows.ts'
import type { FileFormat } from './log-table.ts'
import { createLoggedVersions } from './log-versions.ts'
import { readLoggedCounts } from './logged-counts.ts'
import type { EndpointKey } from './stale.ts'

/** A stored file that is to be taken in. */
export interface LogFile extends LogReading {
  /** of a blob */
  digest: string
  format: FileFormat
}

export interface LogAnswer {
  accepted: number
  /** actuals that came with the predictions */
  actuals: number
  /** ids that predictions without one were given, by their place in the list */
  ids: { index: number; id: string }[]
}

export interface LoggedModelsDependencies {
  environment: Environment
  ingest: Ingest
  /** the SQL engine over files of this machine */
  engine: EventsStore
  /** a dataset version's Parquet file. Errors: `not_found` */
  datasetFile(
    project: string,
    dataset: string,
    version: 'latest' | number,
  ): Promise<{ digest: string; version: number }>
}

const jobKind = 'monitoring.log'
/** How long a prediction without a time that comes again is still the same one. */
const memory = 7 * day

/** Models that are served elsewhere: what they predicted is logged, and watched as if Kedge had served it. */
export function createLoggedModels({ environment, ingest, engine, datasetFile }: LoggedModelsDependencies) {
  const { store, events, journal, jobs, blobs, clock } = environment
  const endpoints = createExternalEndpoints(environment)
  const versions = createLoggedVersions(environment)
  const references = createLoggedReferences(environment)
  const arriving = createArrivingActuals(environment)
  const files = createLogFiles({ environment, ingest, engine, endpoints, versions, references })

  /** Its declaration; undefined where Kedge serves it. One that nobody declared is made. */
  async function endpointOf(context: ChangeContext, key: EndpointKey): Promise<ExternalEndpoint | undefined> {
    const found = await endpoints.find(key)
    if (found || (await endpoints.isServed(key))) return found
    return endpoints.put(context, key, { external: true })
  }

  /** Revisions of what Kedge serves are told by their number, or by the version of the model. */
  async function servedRevisions({ project, endpoint }: EndpointKey, rows: readonly LoggedRow[]) {
    const found = await store.read
      .selectFrom('revisions')
      .innerJoin('endpoints', 'endpoints.id', 'revisions.endpoint_id')
      .select(['revisions.number', 'revisions.version'])
      .where('endpoints.project', '=', project)
      .where('endpoints.name', '=', endpoint)
      .orderBy('revisions.number')
      .execute()
    const known = new Map([['', 0], ...found.map((row) => [String(row.version), row.number] as const)])
    const unknown = rows.findIndex((row) => row.revision === undefined && !known.has(row.version))
    if (unknown >= 0) {
      const what = `is no version that the endpoint ${endpoint} has: Kedge serves it`
      throw new KedgeError(
        'invalid_input',
        { what: `items.${unknown}.version ${what}` },
        { places: [{ where: `items.${unknown}.version`, what }] },
      )
    }
    return known
  }

  /** Whoever names no time and repeats a prediction means the same one: it keeps the time at which it came first. */
  async function keepTimes({ project, endpoint }: EndpointKey, rows: LoggedRow[], newIds: ReadonlySet<string>) {
    const asked = rows.filter((row) => !row.timed && !newIds.has(row.id))
    if (asked.length === 0) return
    const found = await events.query<{ id: string; first: number }>(
      `SELECT id, toUnixTimestamp64Milli(min(time)) AS first FROM predictions
       WHERE project = {project:String} AND endpoint = {endpoint:String} AND id IN {ids:Array(String)}
         AND time >= toDateTime64({from:Int64} / 1000, 3, 'UTC') GROUP BY id`,
      { project, endpoint, ids: asked.map((row) => row.id), from: asked[0]!.receivedAt - memory },
    )
    const times = new Map(found.map((row) => [row.id, row.first]))
    for (const row of asked) row.time = times.get(row.id) ?? row.time
  }

  async function refuseServed(context: ChangeContext, key: EndpointKey) {
    if (await endpointOf(context, key)) return
    throw new KedgeError(
      'conflict',
      { what: `Kedge serves the endpoint ${key.endpoint} and records what it predicts` },
      { todo: 'Log what is served elsewhere to an endpoint of another name; actuals are taken for every endpoint.' },
    )
  }

  async function take(
    context: ChangeContext,
    key: EndpointKey,
    file: LocalFile,
    reading: LogReading,
    work?: { progress?: (text: string) => void; signal?: AbortSignal },
  ) {
    if (reading.kind !== 'actuals') await refuseServed(context, key)
    return files.take(context, key, file, reading, work)
  }

  const local = async ({ digest, format }: Pick<LogFile, 'digest' | 'format'>): Promise<LocalFile> => ({
    path: await blobs.localPath(digest),
    digest,
    format,
  })

  jobs.handle<LogFile & { endpoint: string }>({
    kind: jobKind,
    async run({ project, payload, actor }, { progress, signal }) {
      const { endpoint, ...file } = payload
      const result = await take({ actor }, { project, endpoint }, await local(file), file, { progress, signal })
      return { result }
    },
  })

  return {
    endpoints,
    versions,
    references,
    explanations: createLoggedExplanations(environment),
    registrations: createRegistrations(environment),
    /** where files lie while they are read */
    folder: files.folder,

    /** Predictions on record, by endpoint. */
    counts: (project: string, names: readonly string[]) => readLoggedCounts(events, project, names),

    /** Actuals that wait for their prediction. */
    unknownActuals: (key: EndpointKey) => readUnknownActuals(events, key),

    /** Takes predictions, durably; the same ids again change nothing. Errors: `invalid_input` names the row and the field. */
    async log(
      context: ChangeContext,
      key: EndpointKey,
      items: readonly LoggedItem[],
      idempotencyKey?: string,
    ): Promise<LogAnswer> {
      const known = await endpoints.find(key)
      const { rows, actuals, newIds } = readLoggedRows(items, {
        receivedAt: clock(),
        caller: context.actor,
        idempotencyKey,
        spec: known?.spec,
      })
      const endpoint = known ?? (await endpointOf(context, key))
      await keepTimes(key, rows, new Set(newIds.values()))
      const named = rows.filter((row) => row.revision === undefined).map((row) => row.version)
      const revisions = endpoint ? await versions.revisions(context, key, named) : await servedRevisions(key, rows)
      await ingest.predictions(
        key,
        rows.map(({ version, timed: _, revision, ...row }) => ({
          ...row,
          revision: revision ?? revisions.get(version)!,
        })),
      )
      await ingest.actuals(key, actuals)
      return { accepted: rows.length, actuals: actuals.length, ids: [...newIds].map(([index, id]) => ({ index, id })) }
    },

    /** Takes actuals of any endpoint. Errors: `invalid_input` names the row and the field. */
    async actuals(key: EndpointKey, items: readonly { id?: unknown; value?: unknown }[]) {
      const found = await endpoints.find(key)
      const rows = readLoggedActuals(items, { receivedAt: clock(), spec: found?.spec })
      const taken = await ingest.actuals(key, rows)
      return { accepted: rows.length, ...taken }
    },

    /** Says how the columns of a stored file would be read. Errors: `not_found`, `invalid_input`. */
    plan: async (key: EndpointKey, file: LogFile) => files.plan(key, await local(file), file),

    /** Errors: `conflict` when the name is that of an endpoint whose model is served elsewhere. */
    async refuseExternal(key: EndpointKey): Promise<void> {
      if (await endpoints.find(key))
        throw new KedgeError(
          'conflict',
          { what: `The model of the endpoint ${key.endpoint} is served elsewhere` },
          { todo: 'Choose another name, or remove that endpoint first.' },
        )
    },

    /** Marks what a process that died has written of actuals, and throws its half-read files away. */
    async start(): Promise<void> {
      await rm(files.folder, { recursive: true, force: true })
      await arriving.mend()
    },

    /** Takes a file of this machine in at once. */
    take,

    /** Takes a stored file in at once. Errors: `not_found`. */
    takeStored: async (context: ChangeContext, key: EndpointKey, file: LogFile) =>
      take(context, key, await local(file), file),

    /** The columns of a stored file. Errors: `not_found`, `invalid_input`. */
    async columnsOf(project: string, digest: string, format: FileFormat) {
      const file = { digest, format, kind: 'columns' as const, columns: {} }
      return (await files.plan({ project, endpoint: '' }, await local(file), file)).columns
    },

    /** Has a stored file taken in by a job; gives its id. */
    async enqueue(context: ChangeContext, key: EndpointKey, file: LogFile): Promise<number> {
      if (!(await blobs.stat(file.digest))) throw new KedgeError('not_found', { kind: 'File', name: file.digest })
      const id = await journal.change(context, (change) =>
        jobs.enqueue(change, {
          kind: jobKind,
          project: key.project,
          payload: { endpoint: key.endpoint, ...file },
          maxAttempts: 10,
        }),
      )
      return id!
    },

    /** Declares an endpoint and takes its reference in. The same again changes nothing. */
    async declare(
      context: ChangeContext,
      key: EndpointKey,
      input: ExternalEndpointSpecInput,
    ): Promise<ExternalEndpoint> {
      const endpoint = await endpoints.put(context, key, input)
      const { reference } = endpoint.spec
      if (reference) {
        const { digest, version } = await datasetFile(key.project, reference.dataset, reference.version)
        await this.setReference(context, key, {
          dataset: reference.dataset,
          version,
          digest,
          columns: reference.columns ?? {},
        })
      }
      return endpoint
    },

    /** Makes a dataset version the reference of a version of the model, or of all ('' or absent). */
    async setReference(
      context: ChangeContext,
      key: EndpointKey,
      from: { dataset: string; version: number; digest: string; columns: ColumnRoles; of?: string },
    ): Promise<void> {
      const origin = { dataset: from.dataset, version: from.version }
      const before = (await references.list(key)).find((one) => one.version === (from.of ?? ''))
      if (
        before &&
        'dataset' in before.origin &&
        before.origin.dataset === origin.dataset &&
        before.origin.version === origin.version
      )
        return
      const file = await local({ digest: from.digest, format: 'parquet' })
      await take(context, key, file, { kind: 'reference', columns: from.columns, version: from.of, origin })
    },
  }
}

export type LoggedModels = ReturnType<typeof createLoggedModels>
