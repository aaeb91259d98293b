import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { KedgeError } from '../../errors.ts'
import { makeDirectory } from '../../storage/make-directory.ts'
import { freePorts } from './free-ports.ts'

export interface LoopServer {
  readonly url: string
  /** how often it was started again after it died */
  readonly restarts: number
  stop(): Promise<void>
}

const entry = fileURLToPath(new URL(`../main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url))
const startTime = 60_000

/**
 * Runs `kedge serve` in a process of its own on free ports, starts it again when it dies, and ends it when this process
 * does. Its log goes to server.log in the data directory. Resolves when it answers. Errors: `unavailable` with its last words.
 */
export async function startLoopServer(options: {
  data: string
  environment: Record<string, string | undefined>
  progress(text: string): void
  port?: number
}): Promise<LoopServer> {
  const { data, environment, progress } = options
  makeDirectory(data)
  const free = await freePorts(3)
  const [http, inference, grpc] = options.port === undefined ? free : [options.port, options.port + 1, options.port + 2]
  const url = `http://127.0.0.1:${http}`
  let child: ChildProcess | undefined
  const logFile = join(data, 'server.log')
  let logStart = 0
  const lastWords = () => readFileSync(logFile).subarray(logStart).toString('utf8').slice(-2000).trim()
  let restarts = 0
  let stopping = false
  let gaveUp: KedgeError | undefined

  function launch() {
    const args = [
      entry,
      'serve',
      '--port',
      String(http),
      '--inference-port',
      String(inference),
      '--grpc-port',
      String(grpc),
      '--data',
      data,
      '--log-level',
      'warn',
    ]
    // a file rather than a pipe: processes that outlive the server may still write to it
    const log = openSync(logFile, 'a')
    logStart = readFileSync(logFile).length
    const started = Date.now()
    // the channel tells the child when this process is gone, however it went
    const own = spawn(process.execPath, args, {
      stdio: ['ignore', 'ignore', log, 'ipc'],
      // Ctrl-C in a terminal reaches this process only, which then ends the server in its own time
      detached: true,
      env: { ...environment, KEDGE_WRAPPED: '1', KEDGE_URL: undefined },
    })
    child = own
    closeSync(log)
    own.channel?.unref()
    own.once('exit', (code, signal) => {
      if (stopping) return
      // the server of a loop that was killed may still hold the data directory while it drains
      const held = /data directory .* is used by another Kedge/.test(lastWords())
      if (!held && code !== null && code !== 0 && Date.now() - started < 3000) {
        gaveUp = new KedgeError(
          'unavailable',
          { what: `The server ended with exit code ${code}: ${lastWords()}` },
          { todo: `Its log is ${logFile}.` },
        )
        return
      }
      if (!held) {
        restarts++
        progress(`the server died (${signal ?? code}); starting it again`)
      }
      setTimeout(launch, held ? 500 : 100)
    })
  }

  async function answers(): Promise<boolean> {
    return fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) }).then(
      (answer) => answer.ok,
      () => false,
    )
  }

  launch()
  for (const deadline = Date.now() + startTime; !(await answers()); await pause(50)) {
    if (gaveUp) throw gaveUp
    if (Date.now() > deadline) {
      stopping = true
      child?.kill('SIGKILL')
      throw new KedgeError('unavailable', {
        what: `The server does not answer after ${startTime / 1000} s: ${lastWords()}`,
      })
    }
  }

  return {
    url,
    get restarts() {
      return restarts
    },
    async stop() {
      stopping = true
      const own = child
      if (!own || own.exitCode !== null || own.signalCode !== null) return
      const ended = new Promise((resolve) => own.once('exit', resolve))
      own.kill('SIGTERM')
      const patience = setTimeout(() => own.kill('SIGKILL'), 20_000)
      await ended
      clearTimeout(patience)
    },
  }
}
