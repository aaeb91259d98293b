import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { totalmem } from 'node:os'
import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import { KedgeError } from '../../errors.ts'
import { createClickHouseStore, type EngineAccess, type StoreOptions } from './clickhouse-store.ts'
import { clientOptions } from './client-options.ts'
import { type EngineChild, EngineStartError, startEngineChild } from './engine-child.ts'
import type { EventsLog, EventsStatus, EventsStore } from './events-store.ts'

export interface EmbeddedOptions extends StoreOptions {
  /** made when missing; belongs to one process at a time */
  dataDirectory: string
  log: EventsLog
  /** bytes that the engine may use; half of the machine's memory when not given */
  memoryLimit?: number
  /** milliseconds to wait for another process that still holds the data directory */
  lockPatience?: number
}

const READERS = 6
const WRITERS = 3
const BODY_LIMIT = 512 * 1024 * 1024
const STOP_PATIENCE = 10_000
const START_ATTEMPTS = 3

const halfTheMemory = () => Math.floor(Math.min(process.constrainedMemory() || totalmem(), totalmem()) / 2)

interface Running {
  child: EngineChild
  client: ClickHouseClient
}

/** Keeps one events process alive on the data directory from the first use on. */
function superviseEngine(options: EmbeddedOptions): EngineAccess {
  const { log } = options
  const directory = resolve(options.dataDirectory)
  const lockPatience = options.lockPatience ?? 5000
  let state: EventsStatus['state'] = 'not started'
  let current: Promise<Running> | undefined
  let pid: number | undefined
  let restarts = 0
  /** processes in a row that carried out nothing; the pause before the next grows with them */
  let useless = 0

  const backoff = () => (useless === 0 ? 0 : Math.min(25 * 2 ** useless, 5000))

  async function startOnce(): Promise<Running> {
    const password = randomBytes(24).toString('base64url')
    const child = await startEngineChild(
      {
        directory,
        password,
        host: '127.0.0.1',
        port: 0,
        readers: READERS,
        writers: WRITERS,
        memoryLimit: options.memoryLimit ?? halfTheMemory(),
        bodyLimit: BODY_LIMIT,
      },
      log,
    )
    const client = createClient({
      ...clientOptions,
      url: `http://127.0.0.1:${child.port}`,
      username: 'kedge',
      password,
    })
    return { child, client }
  }

  async function start(): Promise<Running> {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const started = performance.now()
    for (let attempts = 1; ; attempts++) {
      if (state === 'stopped') throw new KedgeError('unavailable', { what: 'The events store is closed' })
      await pause(backoff())
      try {
        const running = await startOnce()
        watch(running)
        return running
      } catch (error) {
        if (!(error instanceof EngineStartError)) throw error
        if (error.owner) {
          // it may be on its way out: the child of a Kedge that was killed a moment ago
          if (performance.now() - started > lockPatience)
            throw new KedgeError('data_directory_in_use', { path: directory, pid: error.owner })
          await pause(50)
          continue
        }
        log.error({ why: error.message, attempts }, 'the events process did not start')
        useless++
        if (attempts >= START_ATTEMPTS)
          throw new KedgeError('unavailable', { what: 'The events process does not start' }, { cause: error })
      }
    }
  }

  function watch({ child, client }: Running) {
    pid = child.pid
    useless++
    if (state !== 'stopped') state = 'ready'
    log.info({ pid, port: child.port, version: child.version }, 'events process ready')
    void child.ended.then((how) => {
      pid = undefined
      current = undefined
      void client.close()
      if (state === 'stopped') return
      restarts++
      log.warn({ pid: child.pid, how, restarts }, 'the events process ended; starting another')
      state = 'restarting'
      // whoever needs it gets the error
      begin().catch(() => {})
    })
  }

  function begin(): Promise<Running> {
    if (state === 'not started') state = 'starting'
    current ??= start().catch((error) => {
      current = undefined
      throw error
    })
    return current
  }

  return {
    kind: 'embedded',
    place: directory,
    async client() {
      if (state === 'stopped') throw new KedgeError('unavailable', { what: 'The events store is closed' })
      return (await begin()).client
    },
    worked() {
      useless = 0
    },
    status: () => ({ state, restarts, ...(pid === undefined ? {} : { pid }) }),
    async close() {
      state = 'stopped'
      const running = await current?.catch(() => undefined)
      await running?.client.close()
      await running?.child.stop(STOP_PATIENCE)
    },
  }
}

/**
 * The events store on chDB in a supervised child process, which starts on first use and again when it dies.
 * First use throws `data_directory_in_use` when another process holds the directory, `data_directory_newer` when a newer
 * Kedge wrote it.
 */
export const createEmbeddedEvents = (options: EmbeddedOptions): EventsStore =>
  createClickHouseStore(superviseEngine(options), options)
