import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { type ErrorCode, KedgeError } from '../../../errors.ts'
import { createFrameReader, encodeFrame, type Frame } from './frames.ts'
import { workerSource } from './worker-source.ts'

export interface WorkerOptions {
  python: string
  folder: string
  threads: number
  /** how long loading or one request may take, in milliseconds */
  timeout: number
  print(line: string): void
  /** kedge-model.json of the folder, when it has one */
  description: unknown
}

interface Waiting {
  resolve(frame: Frame): void
  reject(error: Error): void
  timer: NodeJS.Timeout
}

export interface Worker {
  /** what the model said of itself when it was loaded first */
  readonly loaded: Frame['header']
  /** Errors: the model's; `unavailable` when its process dies or takes too long: the next request starts it again. */
  request(header: Record<string, unknown>, buffers?: readonly Uint8Array[]): Promise<Frame>
  close(): Promise<void>
}

/** A Python process that holds one model, started again when it dies. Pickles are loaded there and nowhere else. */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  let current = launch(options)
  const loaded = (await load(current, options)).header
  let ready: Promise<unknown> = Promise.resolve()
  let closed = false
  return {
    loaded,
    async request(header, buffers) {
      if (closed) throw new KedgeError('unavailable', { what: 'The model was closed' })
      if (current.dead()) {
        current = launch(options)
        ready = load(current, options)
        ready.catch(() => {})
      }
      const process = current
      await ready
      return process.send(header, buffers)
    },
    async close() {
      closed = true
      await current.stop()
    },
  }
}

const load = (process: ReturnType<typeof launch>, { folder, description }: WorkerOptions) =>
  process.send({ do: 'load', folder, ...(description === undefined ? {} : { description }) })

function launch({ python, folder, threads, timeout, print }: WorkerOptions) {
  const child = spawn(python, ['-u', '-c', workerSource], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    // what it needs of the environment: no secrets
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: process.env.TMPDIR,
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      PYTHONDONTWRITEBYTECODE: '1',
      OMP_NUM_THREADS: String(threads),
      MLFLOW_DISABLE_TELEMETRY: 'true',
    },
  }) as ChildProcess
  const waiting = new Map<number, Waiting>()
  let next = 0
  let dead = false
  let lastLine = ''
  const settle = (id: number) => {
    const entry = waiting.get(id)
    if (!entry) return undefined
    waiting.delete(id)
    clearTimeout(entry.timer)
    return entry
  }
  const end = (how: string, cause?: unknown) => {
    if (dead) return
    dead = true
    for (const id of [...waiting.keys()])
      settle(id)!.reject(
        new KedgeError(
          'unavailable',
          {
            what: `The Python process of the model ${how}${lastLine === '' ? '' : ` (it last said: ${lastLine.slice(0, 200)})`}`,
          },
          { cause },
        ),
      )
  }
  for (const stream of [child.stdout!, child.stderr!])
    createInterface({ input: stream }).on('line', (line) => {
      lastLine = line
      print(line)
    })
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      end(error.code === 'ENOENT' ? `cannot be started: there is no ${python}` : 'cannot be started', error)
      resolve()
    })
    child.once('close', (code, signal) => {
      end(signal ? `was ended by ${signal}` : `ended with exit code ${code}`)
      resolve()
    })
  })
  const sink = child.stdio[3] as Writable
  sink.on('error', () => {}) // told by the process's end
  ;(child.stdio[4] as Readable).on(
    'data',
    createFrameReader((frame) => {
      const entry = settle(frame.header.id as number)
      const error = frame.header.error as { code: ErrorCode; what: string } | undefined
      if (error)
        entry?.reject(
          error.code === ('model_failed' as string)
            ? new KedgeError('unavailable', { what: `The model failed: ${error.what}` })
            : new KedgeError(error.code, { what: error.what }),
        )
      else entry?.resolve(frame)
    }),
  )
  return {
    dead: () => dead,
    send(header: Record<string, unknown>, buffers?: readonly Uint8Array[]): Promise<Frame> {
      return new Promise((resolve, reject) => {
        if (dead) return reject(new KedgeError('unavailable', { what: 'The Python process of the model has ended' }))
        const id = next++
        const timer = setTimeout(() => {
          settle(id)
          child.kill('SIGKILL')
          reject(
            new KedgeError('unavailable', {
              what: `The Python model took longer than ${timeout / 1000} s and was ended`,
            }),
          )
        }, timeout)
        waiting.set(id, { resolve, reject, timer })
        sink.write(encodeFrame({ ...header, id }, buffers))
      })
    },
    async stop() {
      sink.end()
      const timer = setTimeout(() => child.kill('SIGKILL'), 2000)
      await ended
      clearTimeout(timer)
    },
  }
}
