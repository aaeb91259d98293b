import { randomBytes } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { StreamSettings, StreamSourceDefinition } from '../../contracts/stream-source.ts'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import type { Change, ChangeContext } from '../../journal/journal.ts'
import { type Reader, startReader } from '../../journal/reader.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { fromJson } from '../../storage/sql/json-column.ts'
import type { DataTables } from '../../storage/sql/tables/data.ts'
import type { DatasetSpec, SourceSpec } from '../dataset-spec.ts'
import { type DeadLetter, readDeadLetters } from './dead-letters.ts'
import { type Pushed, type PushInput, pushRows } from './push-rows.ts'
import { runStream } from './run-stream.ts'
import type { StreamRow, StreamStatus } from './stream-row.ts'

export interface StreamState extends StreamStatus {
  project: string
  name: string
  kind: string
  state: 'running' | 'paused'
  /** rows that are durable */
  landed: number
  /** messages that could not be landed and are kept as they came */
  deadLetters: number
  /** messages that were landed already */
  repeated: number
  /** rows and bytes that are durable but in no micro-batch yet */
  buffered: { rows: number; bytes: number }
  /** micro-batches: files, rows and bytes */
  batches: { files: number; rows: number; bytes: number }
  columns: string[]
  /** milliseconds since 1970 */
  landedAt: number | null
}

export interface Streams {
  list(project?: string): Promise<StreamState[]>
  /** Errors: `not_found`. */
  get(project: string, name: string): Promise<StreamState>
  /** Stops reading; what was landed is in a micro-batch soon after. Errors: `not_found`. */
  pause(context: ChangeContext, project: string, name: string): Promise<StreamState>
  resume(context: ChangeContext, project: string, name: string): Promise<StreamState>
  /** Lands rows of a stream of kind push. Errors: `overloaded`, `conflict`, `not_found`, `invalid_input`. */
  push(input: PushInput): Promise<Pushed>
  /** Newest first; `before`: only those before this sequence. */
  deadLetters(
    project: string,
    name: string,
    page?: { limit?: number; before?: number | undefined },
  ): Promise<{ items: DeadLetter[]; total: number }>
  start(): Promise<void>
  stop(): Promise<void>
}

export interface StreamsDeps {
  environment: Environment
  engine: EventsStore
  kinds: readonly StreamSourceDefinition[]
  allowHosts: readonly string[]
  secret(project: string, name: string): Promise<string>
}

interface Payload {
  name: string
}

const jobKind = 'data.stream'
/** a stream is never given up */
const forever = 1_000_000_000
const atOnce = 256

/** Sources that are read as they come. Registers the job `data.stream`, which runs as long as a stream does. */
export function createStreams(deps: StreamsDeps): Streams {
  const { environment, engine, kinds } = deps
  const { store, journal, jobs, node, clock } = environment
  const reports = new Map<string, StreamStatus>()
  const stopping = new AbortController()
  let reader: Reader | undefined
  const running = new Set<Promise<void>>()

  jobs.handle<Payload>({
    kind: jobKind,
    concurrency: atOnce,
    async run(job, { signal }) {
      const { project } = job
      const { name } = job.payload
      const holder = `${node}:${job.id}:${job.attempts}`
      const done = runStream(
        { ...deps, landed, report: (of, stream, status) => void reports.set(`${of}/${stream}`, status) },
        project,
        name,
        holder,
        AbortSignal.any([signal, stopping.signal]),
      ).finally(() => reports.delete(`${project}/${name}`))
      running.add(done)
      await done.finally(() => running.delete(done))
      signal.throwIfAborted()
      // this process stops: another one goes on
      if (stopping.signal.aborted) return { commit: (change) => begin(change, project, name, 1000) }
      return {}
    },
  })

  /** Enqueues the job that reads the stream. */
  async function begin(change: Change, project: string, name: string, delay = 0) {
    const jobId = await jobs.enqueue(change, {
      kind: jobKind,
      project,
      payload: { name } satisfies Payload,
      maxAttempts: forever,
      runAt: change.now + delay,
    })
    await change.db
      .updateTable('streams')
      .set({ job_id: jobId ?? null })
      .where('project', '=', project)
      .where('name', '=', name)
      .execute()
  }

  /** Enqueues it unless there is one that waits or runs. */
  async function ensure(change: Change, project: string, name: string) {
    const live = await change.db
      .selectFrom('streams')
      .innerJoin('jobs', 'jobs.id', 'streams.job_id')
      .select('jobs.id')
      .where('streams.project', '=', project)
      .where('streams.name', '=', name)
      .where('jobs.state', 'in', ['queued', 'running'])
      .executeTakeFirst()
    if (!live) await begin(change, project, name)
  }

  /** In the transaction that adds a micro-batch: datasets that read from the stream get a version when it is time. */
  async function landed(change: Change, project: string, name: string, { versions }: StreamSettings) {
    const datasets = await change.db
      .selectFrom('datasets')
      .select(['name', 'spec'])
      .where('project', '=', project)
      .execute()
    for (const dataset of datasets) {
      if (fromJson<DatasetSpec>(dataset.spec).from !== name) continue
      const last = await change.db
        .selectFrom('dataset_versions')
        .select('created_at')
        .where('project', '=', project)
        .where('dataset', '=', dataset.name)
        .orderBy('version', 'desc')
        .limit(1)
        .executeTakeFirst()
      await jobs.enqueue(change, {
        kind: 'data.materialise',
        key: `stream/${project}/${dataset.name}`,
        project,
        payload: { dataset: dataset.name },
        runAt: Math.max(change.now, (last?.created_at ?? 0) + versions.seconds * 1000),
      })
    }
  }

  async function declare(change: Change, project: string, name: string, kind: string) {
    const isStream = kinds.some((definition) => definition.kind === kind)
    const before = await change.db
      .selectFrom('streams')
      .select(['state', 'kind'])
      .where('project', '=', project)
      .where('name', '=', name)
      .executeTakeFirst()
    if (!isStream) {
      if (before) await setState(change, project, name, 'removed')
      return
    }
    if (!before)
      await change.db
        .insertInto('streams')
        .values({
          project, name, kind, identity: `kedge-${project}-${name}-${randomBytes(4).toString('hex')}`.slice(-120), state: 'running', holder: null, job_id: null,
          columns: '[]', position: 'null', memory: 'null', landed: 0, dead: 0, repeated: 0, folded: 0, buffered_bytes: 0, landed_at: null,
          status: 'null', created_at: change.now, updated_at: change.now,
        }) // biome-ignore format: a row
        .onConflict((c) => c.columns(['project', 'name']).doNothing())
        .execute()
    else {
      // a place at one kind of peer says nothing to another
      const fresh = before.kind === kind ? {} : { kind, position: 'null', memory: 'null' }
      await change.db
        .updateTable('streams')
        .set({ ...fresh, ...(before.state === 'removed' ? { state: 'running' as const } : {}), updated_at: change.now })
        .where('project', '=', project)
        .where('name', '=', name)
        .execute()
    }
    if (before?.state !== 'paused') await ensure(change, project, name)
  }

  const setState = (change: Change, project: string, name: string, state: StreamRow['state']) =>
    change.db
      .updateTable('streams')
      .set({ state, updated_at: change.now })
      .where('project', '=', project)
      .where('name', '=', name)
      .execute()

  async function turn(context: ChangeContext, project: string, name: string, state: 'running' | 'paused') {
    await journal.change(context, async (change) => {
      const row = await change.db
        .selectFrom('streams')
        .select('state')
        .where('project', '=', project)
        .where('name', '=', name)
        .executeTakeFirst()
      if (!row || row.state === 'removed') throw new KedgeError('not_found', { kind: 'Stream', name })
      if (row.state === state) return
      await setState(change, project, name, state)
      if (state === 'running') await begin(change, project, name)
      change.append({
        type: state === 'running' ? 'stream.resumed' : 'stream.paused',
        project,
        subject: `source/${name}`,
        data: { source: name },
      })
    })
    return streams.get(project, name)
  }

  async function states(rows: StreamRow[]): Promise<StreamState[]> {
    const sums = await store.read
      .selectFrom('stream_batches')
      .select(({ fn }) => [
        'project',
        'source',
        fn.countAll<number>().as('files'),
        fn.sum<number>('rows').as('rows'),
        fn.sum<number>('bytes').as('bytes'),
      ])
      .where('kind', '=', 'rows')
      .groupBy(['project', 'source'])
      .execute()
    return rows.map((row) => {
      const sum = sums.find(({ project, source }) => project === row.project && source === row.name)
      return toState(row, reports.get(`${row.project}/${row.name}`), sum, clock())
    })
  }
  const known = () => store.read.selectFrom('streams').selectAll().where('state', '!=', 'removed')

  async function sourceOf(project: string, name: string): Promise<Selectable<DataTables['sources']>> {
    const source = await store.read
      .selectFrom('sources')
      .selectAll()
      .where('project', '=', project)
      .where('name', '=', name)
      .executeTakeFirst()
    if (!source || !kinds.some(({ kind }) => kind === source.kind))
      throw new KedgeError('not_found', { kind: 'Stream', name })
    return source
  }

  const streams: Streams = {
    async list(project) {
      const query = project === undefined ? known() : known().where('project', '=', project)
      return states(await query.orderBy('project').orderBy('name').execute())
    },
    async get(project, name) {
      const row = await known().where('project', '=', project).where('name', '=', name).executeTakeFirst()
      if (!row) throw new KedgeError('not_found', { kind: 'Stream', name })
      return (await states([row]))[0]!
    },
    pause: (context, project, name) => turn(context, project, name, 'paused'),
    resume: (context, project, name) => turn(context, project, name, 'running'),
    async push(input) {
      const source = await sourceOf(input.project, input.name)
      const definition = kinds.find(({ kind }) => kind === source.kind)!
      if (definition.open)
        throw new KedgeError(
          'conflict',
          { what: `The stream ${input.name} is read from ${source.kind}; nothing can be pushed to it` },
          { todo: 'Declare a source of kind push.' },
        )
      const config = definition.config.parse(fromJson(source.config)) as SourceSpec
      const row = await known().where('project', '=', input.project).where('name', '=', input.name).executeTakeFirst()
      // declared a moment ago
      if (!row)
        await journal.change({ actor: 'system' }, (change) => declare(change, input.project, input.name, source.kind))
      return pushRows(environment, definition, config, input)
    },
    async deadLetters(project, name, { limit = 100, before } = {}) {
      const { deadLetters: total } = await streams.get(project, name)
      const end = Math.min(before ?? total, total)
      return { items: await readDeadLetters(environment, engine, project, name, { end, limit }), total }
    },
    async start() {
      reader ??= startReader(environment, {
        name: 'data.streams',
        types: ['source.declared', 'source.removed'],
        async handle(event, change) {
          if (event.type === 'source.declared') {
            const { source, kind } = event.data as { source: string; kind: string }
            return declare(change, event.project, source, kind)
          }
          await setState(change, event.project, (event.data as { source: string }).source, 'removed')
        },
      })
      const idle = await store.read
        .selectFrom('streams')
        .select(['project', 'name'])
        .where('state', '=', 'running')
        .execute()
      if (idle.length > 0)
        await journal.change({ actor: 'system' }, async (change) => {
          for (const { project, name } of idle) await ensure(change, project, name)
        })
    },
    async stop() {
      stopping.abort()
      await reader?.stop()
      await Promise.allSettled(running)
    },
  }
  return streams
}

function toState(
  row: StreamRow,
  reported: StreamStatus | undefined,
  sum: { files: number; rows: number; bytes: number } | undefined,
  now: number,
): StreamState {
  const stored = fromJson<StreamStatus | null>(row.status)
  const status = reported ?? stored
  const quiet = !status || now - status.at > 30_000 || row.state === 'paused'
  return {
    project: row.project,
    name: row.name,
    kind: row.kind,
    state: row.state === 'paused' ? 'paused' : 'running',
    connection: quiet ? 'stopped' : status.connection,
    problem: status?.problem ?? null,
    rate: quiet ? 0 : status.rate,
    lag: quiet ? null : status.lag,
    node: quiet ? null : status.node,
    at: status?.at ?? row.created_at,
    landed: Number(row.landed),
    deadLetters: Number(row.dead),
    repeated: Number(row.repeated),
    buffered: { rows: Number(row.landed) - Number(row.folded), bytes: Number(row.buffered_bytes) },
    batches: { files: Number(sum?.files ?? 0), rows: Number(sum?.rows ?? 0), bytes: Number(sum?.bytes ?? 0) },
    columns: fromJson<string[]>(row.columns),
    landedAt: row.landed_at,
  }
}
