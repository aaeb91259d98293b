import { setTimeout as wait } from 'node:timers/promises'
import type { StreamSettings, StreamSourceDefinition } from '../../contracts/stream-source.ts'
import type { Environment } from '../../environment.ts'
import { asKedgeError, KedgeError } from '../../errors.ts'
import { createFailureLog } from '../../journal/failure-log.ts'
import type { Change } from '../../journal/journal.ts'
import type { EventsStore } from '../../storage/events/events-store.ts'
import { fromJson, toJson } from '../../storage/sql/json-column.ts'
import type { SourceSpec } from '../dataset-spec.ts'
import { compact, type FoldDeps, fold } from './fold.ts'
import { landedIds } from './landed-ids.ts'
import { land } from './landing.ts'
import { createMeter } from './stream-meter.ts'
import { type StreamReader, startStreamReader } from './stream-reader.ts'
import { type StreamRow, type StreamStatus, withDeclared } from './stream-row.ts'
import type { Landing } from './thread-messages.ts'

export interface RunStreamDeps {
  environment: Environment
  engine: EventsStore
  kinds: readonly StreamSourceDefinition[]
  allowHosts: readonly string[]
  secret(project: string, name: string): Promise<string>
  /** called in the transaction that adds a micro-batch */
  landed(change: Change, project: string, name: string, settings: StreamSettings): Promise<void>
  /** what the stream says of itself, also when it cannot be stored */
  report(project: string, name: string, status: StreamStatus): void
}

interface Held {
  row: StreamRow
  columns: string[]
  definition: StreamSourceDefinition
  config: SourceSpec
  settings: StreamSettings
  /** changes with the declaration */
  declaredAt: number
}

const tick = 200
const longestWait = 30_000
const pushesAreKnown = 86_400_000

/**
 * Reads a stream and keeps its micro-batches, until it is paused or removed, another process takes it, or `signal`
 * aborts. Whatever fails is tried again, more and more rarely.
 */
export async function runStream(
  deps: RunStreamDeps,
  project: string,
  name: string,
  holder: string,
  signal: AbortSignal,
): Promise<void> {
  const { environment, engine } = deps
  const { store, log, clock } = environment
  const failures = createFailureLog(log, { stream: name, project })
  const meter = createMeter(clock)
  const status: StreamStatus = {
    connection: 'connecting',
    problem: null,
    rate: 0,
    lag: null,
    node: environment.node,
    at: clock(),
  }
  let saved = ''
  const stored = () => store.read.selectFrom('streams').where('project', '=', project).where('name', '=', name)

  /** Shows how it is; what cannot be stored is still told by this process. */
  async function show() {
    status.rate = Math.round(meter.rate() * 10) / 10
    const key = JSON.stringify({ ...status, at: 0 })
    if (key === saved && clock() - status.at < 10_000) return
    status.at = clock()
    deps.report(project, name, { ...status })
    await store.write(({ db }) =>
      db
        .updateTable('streams')
        .set({ status: toJson(status) })
        .where('project', '=', project)
        .where('name', '=', name)
        .where('holder', '=', holder)
        .execute(),
    )
    saved = key
  }

  /** Takes the stream from whoever has it; undefined when it is not to be read. */
  const take = (): Promise<Held | undefined> =>
    store.write(async ({ db }) => {
      const row = await db
        .selectFrom('streams')
        .selectAll()
        .where('project', '=', project)
        .where('name', '=', name)
        .executeTakeFirst()
      const source = await db
        .selectFrom('sources')
        .select(['config', 'kind', 'updated_at'])
        .where('project', '=', project)
        .where('name', '=', name)
        .executeTakeFirst()
      const definition = deps.kinds.find(({ kind }) => kind === source?.kind)
      if (row?.state !== 'running' || !source || !definition) return undefined
      const config = definition.config.parse(fromJson(source.config)) as SourceSpec
      const columns = withDeclared(fromJson<string[]>(row.columns), definition, config)
      // whoever held it before can land nothing more: its commits ask for the holder
      const taken = await db
        .updateTable('streams')
        .set({ holder, columns: toJson(columns) })
        .where('project', '=', project)
        .where('name', '=', name)
        .returningAll()
        .executeTakeFirstOrThrow()
      return {
        row: taken,
        columns,
        definition,
        config,
        settings: config as unknown as StreamSettings,
        declaredAt: source.updated_at,
      }
    })

  async function landUntilDurable(landing: Landing, end: AbortSignal) {
    for (let failed = 0; ; failed++)
      try {
        await store.write(({ db, now }) => land(db, now, { project, name, holder }, landing))
        meter.add(landing.rows?.rows ?? 0)
        if (failed > 0) {
          status.problem = null
          failures.succeeded()
        }
        return
      } catch (error) {
        const known = asKedgeError(error)
        if (known.code === 'conflict') throw known
        // nothing is acknowledged meanwhile, so nothing more comes than the peer sends unasked
        status.problem = known.withTodo()
        failures.failed(error, 'a stream cannot land what it has read')
        await show().catch(() => {})
        await wait(Math.min(250 * 2 ** failed, 5000), undefined, { signal: end })
      }
  }

  function startReader(held: Held, end: AbortSignal): StreamReader | undefined {
    const { row, columns, config, settings } = held
    if (!held.definition.open) return undefined
    return startStreamReader({
      start: {
        project,
        name,
        identity: row.identity,
        config,
        columns,
        position: fromJson(row.position),
        memory: fromJson(row.memory),
        allowHosts: deps.allowHosts,
      },
      ids:
        settings.id === undefined
          ? (async function* () {})()
          : landedIds(environment, engine, row, columns, settings.id, settings.window),
      secret: (secret) => deps.secret(project, secret),
      land: (landing) => landUntilDurable(landing, end),
      state({ connection, reason }) {
        status.connection = connection
        status.problem = reason ?? null
        void show().catch(() => {})
      },
      lag: (lag) => {
        status.lag = lag
      },
    })
  }

  /** One life of the reader: until the declaration changes, it fails, or it is over (`true`). */
  async function live(held: Held): Promise<boolean> {
    const end = new AbortController()
    const both = AbortSignal.any([signal, end.signal])
    const reader = startReader(held, both)
    if (!reader) status.connection = 'connected'
    const folding: FoldDeps = {
      environment,
      engine,
      project,
      name,
      holder,
      land: held.settings.land,
      landed: (change) => deps.landed(change, project, name, held.settings),
    }
    let isFull = false
    let foldAgain = 0
    let foldFailures = 0
    let pruned = 0

    async function step(): Promise<'over' | 'changed' | undefined> {
      const row = await stored().select(['state', 'holder', 'buffered_bytes']).executeTakeFirst()
      if (row?.holder !== holder) return 'over'
      if (row.state !== 'running') {
        await settle(row.state === 'removed')
        return 'over'
      }
      const source = await store.read
        .selectFrom('sources')
        .select('updated_at')
        .where('project', '=', project)
        .where('name', '=', name)
        .executeTakeFirst()
      if (source?.updated_at !== held.declaredAt) return 'changed'
      const full = row.buffered_bytes >= held.settings.buffer
      if (full !== isFull) {
        isFull = full
        if (full) reader?.pause()
        else reader?.resume()
      }
      if (clock() >= foldAgain) await batch()
      if (clock() - pruned > 60_000) {
        pruned = clock()
        await prune()
      }
      await show()
      return undefined
    }

    async function batch() {
      try {
        for (const kind of ['rows', 'dead'] as const) {
          // a full buffer does not wait for the time
          while (await fold(folding, kind, isFull)) if (both.aborted) return
          while (await compact(folding, kind)) if (both.aborted) return
        }
        if (foldFailures > 0) {
          foldFailures = 0
          status.problem = null
          failures.succeeded()
        }
      } catch (error) {
        if (asKedgeError(error).code === 'conflict') throw error
        status.problem = asKedgeError(error).withTodo()
        failures.failed(error, 'a stream cannot write its micro-batch')
        foldAgain = clock() + Math.min(500 * 2 ** foldFailures++, longestWait)
      }
    }

    /** What was landed before a pause is in a micro-batch after it; of a removed stream nothing is left at its peer. */
    async function settle(removed: boolean) {
      const forgotten = await reader?.close(removed)
      // a place there means nothing any more, should it be declared again
      if (forgotten)
        await store.write(({ db }) =>
          db
            .updateTable('streams')
            .set({ position: 'null' })
            .where('project', '=', project)
            .where('name', '=', name)
            .where('holder', '=', holder)
            .execute(),
        )
      status.connection = 'stopped'
      status.problem = null
      for (const kind of ['rows', 'dead'] as const) while (await fold(folding, kind, true)) if (both.aborted) return
    }

    const prune = () =>
      store.write(({ db, now }) =>
        db
          .deleteFrom('stream_pushes')
          .where('project', '=', project)
          .where('source', '=', name)
          .where('created_at', '<', now - pushesAreKnown)
          .execute(),
      )

    const loop = async () => {
      for (;;) {
        const ended = await step()
        if (ended) return ended === 'over'
        await wait(tick, undefined, { signal: both })
      }
    }
    try {
      return await (reader ? Promise.race([loop(), reader.failed]) : loop())
    } finally {
      end.abort()
      await reader?.close()
    }
  }

  for (let failed = 0; !signal.aborted; )
    try {
      const held = await take()
      if (!held) return
      const began = performance.now()
      const over = await live(held).finally(() => {
        // what went well for a minute is tried again at once
        if (performance.now() - began > 60_000) failed = 0
      })
      if (over) break
    } catch (error) {
      if (signal.aborted) break
      const known = error instanceof KedgeError ? error : asKedgeError(error)
      if (known.code === 'conflict' && (await isLost())) return
      status.connection = 'connecting'
      status.problem = known.withTodo()
      failures.failed(error, 'a stream is not read')
      await show().catch(() => {})
      await wait(Math.min(500 * 2 ** failed++, longestWait), undefined, { signal }).catch(() => {})
    }
  status.connection = 'stopped'
  status.lag = null
  await show().catch(() => {})

  async function isLost(): Promise<boolean> {
    const row = await stored().select('holder').executeTakeFirst()
    return row?.holder !== holder
  }
}
