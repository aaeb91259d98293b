import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { KedgeError } from '../../../errors.ts'
import { noTelemetry } from '../no-telemetry.ts'
import { limitedLines } from '../python/limited-lines.ts'
import { processCpu } from './process-cpu.ts'

export interface SupervisedCommand {
  readonly port: number
  readonly pid: number | undefined
  /** processor time of all its starts, in microseconds; 0 where the system does not tell */
  readonly cpu: number
  /** Resolves when it answers. Errors: `unavailable` when that takes too long, `model_unloadable` when it cannot be started. */
  ready(): Promise<void>
  /** Ends it as it is, so that it is started again. */
  restart(why: string): void
  stop(): Promise<void>
}

export interface CommandOptions {
  command: readonly string[]
  folder: string
  /** whether it answers on a port */
  answers(port: number): Promise<boolean>
  /** milliseconds that it may take to be ready */
  start: number
  print(line: string): void
}

const longestPause = 30_000
const healthEvery = 5000
const missesAllowed = 3

/** Keeps a command running: started, asked whether it is well, started again with growing pauses when it ends or is not. */
export async function superviseCommand(options: CommandOptions): Promise<SupervisedCommand> {
  const { command, folder, answers, start, print } = options
  const port = await freePort()
  let child: ChildProcess | undefined
  let stopped = false
  let failures = 0
  let misses = 0
  let again: NodeJS.Timeout | undefined
  let ready: Promise<void> | undefined
  /** of the starts before the present one, and of that as it was seen last */
  let spent = 0
  let now = 0

  const kill = (signal: NodeJS.Signals) => {
    try {
      if (child?.pid) process.kill(-child.pid, signal)
    } catch {
      // it has ended meanwhile
    }
  }

  function launch(): Promise<void> {
    const own = spawn(command[0]!, command.slice(1), {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      // what it needs of the environment: no secrets
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        TMPDIR: process.env.TMPDIR,
        ...noTelemetry,
        LANG: 'C.UTF-8',
        TZ: 'UTC',
        HOST: '127.0.0.1',
        PORT: String(port),
      },
    })
    child = own
    spent += now
    now = 0
    for (const stream of [own.stdout, own.stderr]) limitedLines(stream, print)
    const ended = new Promise<string>((resolve) => {
      own.once('error', (error) => resolve(`cannot be started: ${error.message}`))
      own.once('exit', (code, signal) => resolve(`ended with ${signal ?? `exit code ${code}`}`))
    })
    void ended.then((how) => {
      if (own.pid)
        try {
          process.kill(-own.pid, 'SIGKILL')
        } catch {
          // nothing of it is left
        }
      if (child !== own) return
      child = undefined
      ready = undefined
      if (stopped) return
      failures++
      const pause = failures <= 1 ? 0 : Math.min(longestPause, 100 * 2 ** failures)
      print(`the command of the model ${how}; it is started again${pause > 0 ? ` in ${pause / 1000} s` : ''}`)
      again = setTimeout(begin, pause)
    })
    return waitUntilReady(own, ended)
  }

  async function waitUntilReady(own: ChildProcess, ended: Promise<string>) {
    const until = performance.now() + start
    let over: string | undefined
    void ended.then((how) => {
      over = how
    })
    for (;;) {
      if (over !== undefined)
        throw new KedgeError('worker_died', { what: `The command of the model ${over} before it was ready` })
      if (await answers(port).catch(() => false)) break
      if (performance.now() > until) {
        if (child === own) kill('SIGKILL')
        throw new KedgeError('unavailable', { what: `The command of the model was not ready after ${start / 1000} s` })
      }
      await new Promise((done) => setTimeout(done, 50))
    }
    misses = 0
  }

  function begin() {
    if (stopped || child) return
    ready = launch()
    ready.catch(() => {})
  }

  const health = setInterval(async () => {
    const own = child
    if (!own || !ready) return
    if (await ready.then(() => answers(port)).catch(() => false)) {
      misses = 0
      failures = 0
    } else if (child === own && ++misses >= missesAllowed) {
      misses = 0
      print('the command of the model does not answer; it is ended')
      kill('SIGKILL')
    }
  }, healthEvery)
  health.unref()

  begin()
  return {
    port,
    get pid() {
      return child?.pid
    },
    get cpu() {
      now = Math.max(now, (child?.pid && processCpu(child.pid)) || 0)
      return spent + now
    },
    async ready() {
      if (stopped) throw new KedgeError('unavailable', { what: 'The model was closed' })
      if (!ready) throw new KedgeError('worker_died', { what: 'The command of the model has ended' })
      await ready
    },
    restart(why) {
      print(why)
      kill('SIGKILL')
    },
    async stop() {
      stopped = true
      clearTimeout(again)
      clearInterval(health)
      const own = child
      if (!own) return
      const gone = new Promise((done) => own.once('exit', done))
      kill('SIGTERM')
      const timer = setTimeout(() => kill('SIGKILL'), 5000)
      await gone
      clearTimeout(timer)
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as { port: number }
  await new Promise((done) => server.close(done))
  return port
}
