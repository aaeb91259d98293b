import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { request } from 'undici'
import { KedgeError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { makeDirectory } from '../storage/make-directory.ts'
import { version } from '../version.ts'
import { adoptOrphan } from './foster-parent.ts'
import { type InferenceSettings, processFile, type RunningInference } from './inference-settings.ts'

export interface InferenceSupervisorOptions extends InferenceSettings {
  /** shared with the child by its environment, never in arguments */
  secret: string
  log: Logger
}

export interface InferenceAddresses {
  http: string
  grpc: string
}

export interface InferenceSupervisor {
  /** where it listens; undefined while it does not */
  readonly addresses: InferenceAddresses | undefined
  readonly pid: number | undefined
  readonly restarts: number
  /** Lets it drain and ends it. */
  stop(): Promise<void>
}

/** The built package has the entry as JavaScript beside this file. */
const entry = fileURLToPath(
  new URL(`./inference-process${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
)
const startTime = 30_000
const drainTime = 15_000
const firstStarts = 5
const adoptionTime = 2000

/** A process that serves predictions: a child, or one that was taken over. */
interface Running {
  pid: number
  ended: Promise<{ code?: number | null; signal?: string | null }>
}

/** No secret of control's environment, but for the one that the two share. */
const environment = (settings: InferenceSettings, secret: string) => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  TMPDIR: process.env.TMPDIR,
  LANG: 'C.UTF-8',
  TZ: 'UTC',
  KEDGE_PYTHON: process.env.KEDGE_PYTHON,
  KEDGE_MODEL_HOSTS: process.env.KEDGE_MODEL_HOSTS,
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(settings.directory, 'compiled'),
  KEDGE_INTERNAL_SECRET: secret,
  KEDGE_INFERENCE: JSON.stringify(settings),
})

/** The same for processes that nothing tells apart. */
const likenessOf = (settings: InferenceSettings, secret: string) =>
  createHmac('sha256', secret)
    .update(JSON.stringify([version, process.version, environment(settings, '')]))
    .digest('base64url')

/**
 * Starts the inference process of this machine and starts it again when it dies, on the same ports. One that outlived the
 * control process before this one is taken over where it is the same as the one that would be started, else asked to drain
 * first. Errors: `port_in_use`, `unavailable` when it does not come up.
 */
export async function startInferenceSupervisor(options: InferenceSupervisorOptions): Promise<InferenceSupervisor> {
  const { secret, log, ...settings } = options
  settings.likeness = likenessOf(settings, secret)
  makeDirectory(settings.directory)
  let running: Running | undefined
  let addresses: InferenceAddresses | undefined
  let restarts = 0
  let stopping = false
  let again: NodeJS.Timeout | undefined
  const killed = new WeakSet<object>()

  function serves(where: InferenceAddresses) {
    addresses = { http: where.http, grpc: where.grpc }
    // the same ports after a restart, whatever was free the first time
    settings.httpPort = Number(new URL(where.http).port)
    settings.grpcPort = Number(new URL(where.grpc.replace('grpc:', 'http:')).port)
    return addresses
  }

  /** Starts the next one when this one ends. */
  async function watch(one: Running) {
    running = one
    const how = await one.ended
    const wasUp = addresses !== undefined
    addresses = undefined
    if (running === one) running = undefined
    if (stopping || (!wasUp && restarts === 0)) return
    log.warn(how, 'the inference process ended; it is started again')
    restarts++
    again = setTimeout(
      () => void start().catch((error) => log.error({ err: error }, 'the inference process cannot be started')),
      wasUp ? 0 : Math.min(1000 * restarts, 10_000),
    )
  }

  /** Resolves when it listens. */
  function start(): Promise<InferenceAddresses> {
    const started = spawn(process.execPath, [entry], {
      env: environment(settings, secret),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const ended: Running['ended'] = new Promise((resolve) =>
      started.once('exit', (code, signal) => resolve({ code, signal })),
    )
    const up = new Promise<InferenceAddresses>((resolve, reject) => {
      const timer = setTimeout(() => {
        started.kill('SIGKILL')
        reject(new KedgeError('unavailable', { what: 'The inference process does not come up' }))
      }, startTime)
      started.on('message', (message: { kind: string; http: string; grpc: string; boot: string; message: string }) => {
        clearTimeout(timer)
        if (message.kind === 'failed') reject(cannotListen(message.message, settings.host))
        else resolve(serves(message))
      })
      started.once('error', reject)
      void ended.then(({ code, signal }) => {
        clearTimeout(timer)
        const error = new KedgeError('unavailable', { what: `The inference process ended (${signal ?? code})` })
        if (signal) killed.add(error)
        reject(error)
      })
    })
    if (started.pid !== undefined) void watch({ pid: started.pid, ended })
    return up
  }

  const orphan = await findOrphan(settings.directory)
  const adopted =
    orphan?.likeness === settings.likeness ? await adoptOrphan(settings.directory, adoptionTime) : undefined
  if (orphan && adopted) {
    log.info({ pid: orphan.pid }, 'the inference process of the control process before is taken over')
    serves(orphan)
    void watch({ pid: orphan.pid, ended: adopted.ended.then(() => ({})) })
  } else {
    if (orphan) await drain(orphan.pid, log)
    for (let left = firstStarts; ; left--) {
      try {
        await start()
        break
      } catch (error) {
        // one that ended by itself has said why; one that was killed on its way up has not been tried
        if (left === 1 || !killed.has(error as object)) throw error
        log.warn({ err: error }, 'the inference process was killed while it started; it is started again')
      }
    }
  }

  return {
    get addresses() {
      return addresses
    },
    get pid() {
      return running?.pid
    },
    get restarts() {
      return restarts
    },
    async stop() {
      stopping = true
      clearTimeout(again)
      if (!running) return
      const { pid, ended } = running
      kill(pid, 'SIGTERM')
      const force = setTimeout(() => kill(pid, 'SIGKILL'), drainTime)
      await ended
      clearTimeout(force)
    },
  }
}

function cannotListen(message: string, host = '127.0.0.1'): KedgeError {
  const [, port] = /Port (\d+)/.exec(message) ?? []
  if (!port) return new KedgeError('unavailable', { what: message })
  return new KedgeError(
    'port_in_use',
    { port, host },
    { todo: 'Stop what listens there, or choose others with --inference-port and --grpc-port.' },
  )
}

/** Tells a process something, if it is still there. */
function kill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal)
  } catch {
    return false
  }
}

/** The inference process that a control process left behind, if it is still the one that its file names. */
async function findOrphan(directory: string): Promise<RunningInference | undefined> {
  try {
    const known = JSON.parse(readFileSync(join(directory, processFile), 'utf8')) as RunningInference
    const answer = await request(`${known.http}/health`, { headersTimeout: 2000 })
    return ((await answer.body.json()) as { boot?: string }).boot === known.boot ? known : undefined
  } catch {
    return undefined
  }
}

async function drain(pid: number, log: Logger): Promise<void> {
  log.info({ pid }, 'the inference process of the control process before is asked to drain')
  const deadline = Date.now() + drainTime
  kill(pid, 'SIGTERM')
  while (kill(pid, 0)) {
    if (Date.now() > deadline) {
      kill(pid, 'SIGKILL')
      return
    }
    await new Promise((done) => setTimeout(done, 50))
  }
}
