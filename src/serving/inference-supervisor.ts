import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { request } from 'undici'
import { KedgeError } from '../errors.ts'
import type { Logger } from '../log.ts'
import { makeDirectory } from '../storage/make-directory.ts'
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

/**
 * Starts the inference process of this machine and starts it again when it dies, on the same ports. One that outlived the
 * control process before this one is asked to drain first. Errors: `port_in_use`, `unavailable` when it does not come up.
 */
export async function startInferenceSupervisor(options: InferenceSupervisorOptions): Promise<InferenceSupervisor> {
  const { secret, log, ...settings } = options
  makeDirectory(settings.directory)
  const pidFile = join(settings.directory, processFile)
  let child: ChildProcess | undefined
  let addresses: InferenceAddresses | undefined
  let restarts = 0
  let stopping = false
  let again: NodeJS.Timeout | undefined
  const killed = new WeakSet<object>()

  /** Resolves when it listens. */
  function start(): Promise<InferenceAddresses> {
    const started = spawn(process.execPath, [entry], {
      env: environment(settings, secret),
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    child = started
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        started.kill('SIGKILL')
        reject(new KedgeError('unavailable', { what: 'The inference process does not come up' }))
      }, startTime)
      started.on('message', (message: { kind: string; http: string; grpc: string; boot: string; message: string }) => {
        clearTimeout(timer)
        if (message.kind === 'failed') {
          const [, port] = /Port (\d+)/.exec(message.message) ?? []
          reject(
            port
              ? new KedgeError(
                  'port_in_use',
                  { port, host: settings.host ?? '127.0.0.1' },
                  { todo: 'Stop what listens there, or choose others with --inference-port and --grpc-port.' },
                )
              : new KedgeError('unavailable', { what: message.message }),
          )
          return
        }
        addresses = { http: message.http, grpc: message.grpc }
        // the same ports after a restart, whatever was free the first time
        settings.httpPort = Number(new URL(message.http).port)
        settings.grpcPort = Number(new URL(message.grpc.replace('grpc:', 'http:')).port)
        resolve(addresses)
      })
      started.once('error', reject)
      started.once('exit', (code, signal) => {
        clearTimeout(timer)
        const wasUp = addresses !== undefined
        addresses = undefined
        if (child === started) child = undefined
        const error = new KedgeError('unavailable', { what: `The inference process ended (${signal ?? code})` })
        if (signal !== null) killed.add(error)
        reject(error)
        if (stopping || (!wasUp && restarts === 0)) return
        log.warn({ code, signal }, 'the inference process ended; it is started again')
        restarts++
        again = setTimeout(
          () => void start().catch((error) => log.error({ err: error }, 'the inference process cannot be started')),
          wasUp ? 0 : Math.min(1000 * restarts, 10_000),
        )
      })
    })
  }

  await replaceOrphan(pidFile, log)
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

  return {
    get addresses() {
      return addresses
    },
    get pid() {
      return child?.pid
    },
    get restarts() {
      return restarts
    },
    async stop() {
      stopping = true
      clearTimeout(again)
      const last = child
      if (!last || last.exitCode !== null) return
      const ended = new Promise<void>((resolve) => last.once('exit', () => resolve()))
      last.kill('SIGTERM')
      const force = setTimeout(() => last.kill('SIGKILL'), drainTime)
      await ended
      clearTimeout(force)
    },
  }
}

/** Ends the inference process of a control process that died, if it is still the one that the file names. */
async function replaceOrphan(pidFile: string, log: Logger): Promise<void> {
  let known: RunningInference
  try {
    known = JSON.parse(readFileSync(pidFile, 'utf8')) as RunningInference
    const answer = await request(`${known.http}/health`, { headersTimeout: 2000 })
    if (((await answer.body.json()) as { boot?: string }).boot !== known.boot) return
  } catch {
    return
  }
  log.info({ pid: known.pid }, 'the inference process of the control process before is asked to drain')
  const deadline = Date.now() + drainTime
  try {
    process.kill(known.pid, 'SIGTERM')
    while (Date.now() < deadline) {
      process.kill(known.pid, 0)
      await new Promise((done) => setTimeout(done, 50))
    }
    process.kill(known.pid, 'SIGKILL')
  } catch {
    // it is gone
  }
}
