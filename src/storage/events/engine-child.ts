import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { EngineProcessAnswer, EngineProcessOptions } from './events-process.ts'
import type { EventsLog } from './events-store.ts'

export interface EngineChild {
  pid: number
  port: number
  version: string
  /** settles when the process has ended, with how */
  ended: Promise<string>
  /** lets it finish what it does, at most `patience` milliseconds */
  stop(patience: number): Promise<void>
}

/** Why a child did not come up. */
export class EngineStartError extends Error {
  readonly owner?: number
  constructor(why: string, owner?: number) {
    super(why)
    this.owner = owner
  }
}

/** The built package has the entry as JavaScript beside this file. */
const ENTRY = fileURLToPath(
  new URL(`./events-process${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
)

/** What the child gets of the environment: no secrets. UTC, so that no result depends on the machine's time zone. */
const environment = (threads: number) => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  TMPDIR: process.env.TMPDIR,
  LANG: 'C.UTF-8',
  TZ: 'UTC',
  // a statement holds a thread of this pool for as long as it runs
  UV_THREADPOOL_SIZE: String(threads),
})

/** Starts an events process and waits until it serves. Throws an EngineStartError. */
export async function startEngineChild(options: EngineProcessOptions, log: EventsLog): Promise<EngineChild> {
  const child = spawn(process.execPath, [ENTRY], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: environment(options.readers + options.writers + 4),
  })
  let lastLine = ''
  createInterface({ input: child.stderr }).on('line', (line) => {
    lastLine = line
    log.warn({ pid: child.pid, line }, 'events process')
  })
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => resolve(signal ? `signal ${signal}` : `exit code ${code}`))
  })
  // a write to a child that just died is told by its end
  child.stdin.on('error', () => {})
  child.stdin.write(`${JSON.stringify(options)}\n`)

  const output = createInterface({ input: child.stdout })
  const said = once(output, 'line').then(([line]) => JSON.parse(line as string) as EngineProcessAnswer)
  said.catch(() => {})
  const answer = await Promise.race([
    said,
    ended.then((how): EngineProcessAnswer => ({ state: 'failed', why: `${how}: ${lastLine}` })),
  ])
  if (answer.state === 'in use') throw new EngineStartError(`in use by process ${answer.pid}`, answer.pid)
  if (answer.state === 'failed') throw new EngineStartError(answer.why)
  return {
    pid: answer.pid,
    port: answer.port,
    version: answer.version,
    ended,
    async stop(patience) {
      child.stdin.write('stop\n')
      const timer = setTimeout(() => child.kill('SIGKILL'), patience)
      await ended
      clearTimeout(timer)
    },
  }
}
