import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { type ErrorCode, KedgeError } from '../../../errors.ts'
import { noTelemetry } from '../no-telemetry.ts'
import { createFrameReader, encodeFrame, type Frame } from './frames.ts'
import { limitedLines } from './limited-lines.ts'
import { workerSource } from './worker-source.ts'

export interface WorkerOptions {
  python: string
  folder: string
  threads: number
  /** how long one request may take, in milliseconds */
  timeout: number
  /** how long loading may take, in milliseconds */
  loadTimeout: number
  /** bytes that the process may ask for; beyond them Python itself refuses */
  memory: number | undefined
  print(line: string): void
  /** kedge-model.json of the folder, when it has one */
  description: unknown
}

export interface WorkerProcess {
  readonly pid: number | undefined
  dead(): boolean
  /** processor time up to its last answer, in microseconds */
  cpu(): number
  /** What the model says of itself. Errors: `model_unloadable`, `worker_died`. */
  load(): Promise<Frame['header']>
  /** One at a time. Errors: the model's; `worker_died` when the process ended; `unavailable` when it took too long and was ended. */
  send(header: Record<string, unknown>, buffers?: readonly Uint8Array[]): Promise<Frame>
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>
  stop(): Promise<void>
}

interface Waiting {
  id: number
  resolve(frame: Frame): void
  reject(error: Error): void
  timer: NodeJS.Timeout
}

/** A Python process that holds one model. Pickles are loaded there and nowhere else. */
export function startWorkerProcess(options: WorkerOptions): WorkerProcess {
  const { python, folder, threads, timeout, loadTimeout, memory, print, description } = options
  const child = spawn(python, ['-u', '-c', workerSource], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    // a group of its own: what the model starts ends with it
    detached: true,
    // what it needs of the environment: no secrets
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: process.env.TMPDIR,
      ...noTelemetry,
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      PYTHONDONTWRITEBYTECODE: '1',
      OMP_NUM_THREADS: String(threads),
      OPENBLAS_NUM_THREADS: String(threads),
      MKL_NUM_THREADS: String(threads),
      MLFLOW_DISABLE_TELEMETRY: 'true',
    },
  }) as ChildProcess
  let waiting: Waiting | undefined
  let next = 0
  let dead = false
  let lastLine = ''
  let cpu = 0

  const settle = () => {
    const entry = waiting
    waiting = undefined
    if (entry) clearTimeout(entry.timer)
    return entry
  }
  const died = (how: string) =>
    new KedgeError('worker_died', {
      what: `The Python process of the model ${how}${lastLine === '' ? '' : ` (it last said: ${lastLine.slice(0, 200)})`}`,
    })
  const end = (how: string) => {
    if (dead) return
    dead = true
    settle()?.reject(died(how))
  }
  const kill = () => {
    try {
      process.kill(-child.pid!, 'SIGKILL')
    } catch {
      child.kill('SIGKILL')
    }
  }
  for (const stream of [child.stdout!, child.stderr!])
    limitedLines(stream, (line) => {
      lastLine = line
      print(line)
    })
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      end(error.code === 'ENOENT' ? `cannot be started: there is no ${python}` : 'cannot be started')
      resolve()
    })
    // not `close`: what the model left running may hold its output open
    child.once('exit', (code, signal) => {
      // a moment for its last words
      setTimeout(() => {
        end(signal ? `was ended by ${signal}` : `ended with exit code ${code}`)
        if (child.pid) kill()
        for (const stream of child.stdio) stream?.destroy()
        resolve()
      }, 20)
    })
  })
  const sink = child.stdio[3] as Writable
  sink.on('error', () => {}) // told by the process's end
  const source = child.stdio[4] as Readable
  source.on('error', () => {})
  source.on('end', () => {
    // it closed its side: nothing can come any more, whatever else it does
    if (child.exitCode === null && child.signalCode === null) setTimeout(kill, 100).unref()
  })
  const read = createFrameReader((frame) => {
    if (waiting?.id !== frame.header.id) return
    cpu = Number(frame.header.cpu) || cpu
    const entry = settle()!
    const error = frame.header.error as { code: ErrorCode; what: string; memory?: boolean } | undefined
    if (error) entry.reject(new KedgeError(error.code, { what: error.what, ...(error.memory ? { memory: true } : {}) }))
    else entry.resolve(frame)
  })
  source.on('data', (piece: Buffer) => {
    try {
      read(piece)
    } catch {
      lastLine = 'something else than answers on the channel of answers'
      kill()
    }
  })

  function send(
    header: Record<string, unknown>,
    buffers: readonly Uint8Array[] = [],
    patience = timeout,
  ): Promise<Frame> {
    return new Promise((resolve, reject) => {
      if (dead) return reject(died('has ended'))
      const id = next++
      const timer = setTimeout(() => {
        if (waiting?.id !== id) return
        settle()
        dead = true
        kill()
        reject(
          new KedgeError('unavailable', {
            what: `The Python model took longer than ${patience / 1000} s and was ended`,
          }),
        )
      }, patience)
      waiting = { id, resolve, reject, timer }
      sink.write(encodeFrame({ ...header, id }, buffers))
    })
  }

  return {
    pid: child.pid,
    dead: () => dead,
    cpu: () => cpu,
    ended,
    load: async () =>
      (
        await send(
          { do: 'load', folder, ...(memory ? { memory } : {}), ...(description === undefined ? {} : { description }) },
          [],
          loadTimeout,
        )
      ).header,
    send: (header, buffers) => send(header, buffers),
    async stop() {
      dead = true
      sink.end()
      const timer = setTimeout(kill, 2000)
      await ended
      clearTimeout(timer)
    },
  }
}
