import { type ChildProcess, fork } from 'node:child_process'
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type ErrorCode, KedgeError } from '../../errors.ts'
import { asideEnvironment } from '../../registry/aside-environment.ts'
import type {
  AsideAnswer,
  AsideRequest,
  ExplainRequest,
  Explanations,
  ModelProfile,
  ProfileRequest,
} from './explanation.ts'

/** The built package has the entry as JavaScript beside this file. */
const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
/** Explanations from a process of its own, which is started when it is needed and ends when nobody does. */
export interface ExplainAside {
  /** Errors: those of `createExplaining`; `unavailable` when the process dies. */
  explain(request: ExplainRequest): Promise<Explanations>
  profile(request: ProfileRequest): Promise<ModelProfile>
  /** Takes a place for a caller who wants explanations; it is left with what is returned. Errors: `explanations_busy`. */
  enter(): () => void
  close(): Promise<void>
}

export interface ExplainAsideOptions {
  /** gets the lines that the process prints */
  print(line: string): void
  /** callers that may be inside at once, 16 when absent */
  most?: number
  /** milliseconds after which a process that has nothing to do ends, two minutes when absent */
  idle?: number
}

interface Waiting {
  resolve(result: Explanations | ModelProfile): void
  reject(error: unknown): void
  /** ends a process that does not look at its clock, in the middle of a model's call */
  late: NodeJS.Timeout
}

/** what a request may overdraw its time by until the process is ended */
const grace = 5000

export function createExplainAside({ print, most = 16, idle = 120_000 }: ExplainAsideOptions): ExplainAside {
  let child: ChildProcess | undefined
  let ids = 0
  let rest: NodeJS.Timeout | undefined
  const waiting = new Map<number, Waiting>()

  function start(): ChildProcess {
    const entry = fileURLToPath(new URL(`./explain-process${extension}`, import.meta.url))
    const started = fork(entry, {
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      execArgv: ['--max-old-space-size=1024'],
      env: asideEnvironment(process.env),
    })
    try {
      // predictions go first
      if (started.pid !== undefined) setPriority(started.pid, 10)
    } catch {
      // where it is not allowed, all are equal
    }
    for (const stream of [started.stdout!, started.stderr!]) createInterface({ input: stream }).on('line', print)
    started.on('message', (answer: AsideAnswer) => {
      const asked = take(answer.id)
      if (!asked) return
      if ('result' in answer) asked.resolve(answer.result)
      else
        asked.reject(new KedgeError(answer.error.code as ErrorCode, answer.error.details, { todo: answer.error.todo }))
    })
    const gone = (how: string) => {
      if (child !== started) return
      child = undefined
      for (const id of [...waiting.keys()])
        take(id)?.reject(new KedgeError('unavailable', { what: `The process that explains ${how}` }))
    }
    started.once('error', (error) => gone(`cannot be started: ${error.message}`))
    started.once('exit', (code, signal) => gone(`ended with ${signal ? `signal ${signal}` : `exit code ${code}`}`))
    return started
  }

  function take(id: number): Waiting | undefined {
    const asked = waiting.get(id)
    if (!asked) return undefined
    clearTimeout(asked.late)
    waiting.delete(id)
    if (waiting.size === 0) {
      child?.unref()
      child?.channel?.unref()
      rest = setTimeout(stop, idle)
      rest.unref()
    }
    return asked
  }

  function stop() {
    const ending = child
    child = undefined
    ending?.disconnect()
  }

  let inside = 0
  function enter() {
    if (inside >= most) throw new KedgeError('explanations_busy', { most })
    inside++
    let left = false
    return () => {
      if (!left) inside--
      left = true
    }
  }

  function ask(what: Omit<AsideRequest, 'id'>, timeout: number): Promise<Explanations | ModelProfile> {
    clearTimeout(rest)
    child ??= start()
    child.ref()
    child.channel?.ref()
    const id = ids++
    const behind = waiting.size
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => {
          const hung = child
          child = undefined
          hung?.kill('SIGKILL')
          for (const other of [...waiting.keys()])
            take(other)?.reject(new KedgeError('explanation_late', { limit: `${timeout / 1000} s` }))
        },
        (timeout + grace) * (behind + 1),
      )
      waiting.set(id, { resolve, reject, late })
      child!.send({ id, ...what } as AsideRequest, (error) => {
        if (error)
          take(id)?.reject(
            new KedgeError('unavailable', { what: 'The process that explains is gone' }, { cause: error }),
          )
      })
    })
  }

  return {
    enter,
    explain: (request) => ask({ do: 'explain', request } as AsideRequest, request.timeout) as Promise<Explanations>,
    profile: (request) => ask({ do: 'profile', request } as AsideRequest, request.timeout) as Promise<ModelProfile>,
    async close() {
      for (const id of [...waiting.keys()]) take(id)?.reject(new KedgeError('cancelled', { what: 'The explanation' }))
      clearTimeout(rest)
      const ending = child
      if (!ending) return
      const ended = new Promise<void>((resolve) => ending.once('exit', () => resolve()))
      stop()
      const kill = setTimeout(() => ending.kill('SIGKILL'), 2000)
      await ended
      clearTimeout(kill)
    },
  }
}
