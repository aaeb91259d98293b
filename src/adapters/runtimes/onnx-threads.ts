import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { KedgeError } from '../../errors.ts'
import type { OnnxSession } from './onnx-session.ts'
import type { ThreadAnswer, ThreadRequest } from './onnx-thread.ts'

type Value = Extract<ThreadAnswer, { value: unknown }>['value']

type Asked = ThreadRequest extends infer R ? (R extends unknown ? Omit<R, 'id'> : never) : never

interface Job {
  id: number
  request: Asked
  resolve(value: Value): void
  reject(error: unknown): void
}

interface Thread {
  worker: Worker
  models: Set<number>
  job: Job | undefined
  timer: NodeJS.Timeout | undefined
  /** settles when the thread has answered, or is gone */
  answered: (() => void) | undefined
}

export interface OnnxThreads {
  readonly size: number
  /** Opens a session in a thread; others open it when they are needed. Errors: the runtime's own, `worker_died`. */
  open(path: string, threads: number, timeout: number): Promise<OnnxSession>
  /** Ends the threads, and what runs in them with `worker_died`. */
  close(): Promise<void>
}

const entry = new URL(`./onnx-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)

/**
 * The threads of this process for ONNX models that would hold up its event loop, started when they are needed. Each runs
 * one call at a time; no model may have them all, so that one always finds its turn beside a heavier one.
 */
export function createOnnxThreads(size = Math.max(2, availableParallelism())): OnnxThreads {
  const threads = new Set<Thread>()
  const waiting: { job: Job; timeout: number }[] = []
  let closed = false
  let models = 0
  let requests = 0

  function start(): Thread {
    const worker = new Worker(entry)
    const thread: Thread = { worker, models: new Set(), job: undefined, timer: undefined, answered: undefined }
    const gone = (how: string) => {
      thread.answered?.()
      if (!threads.delete(thread)) return
      const { job } = thread
      settle(thread)
      job?.reject(new KedgeError('worker_died', { what: `The thread that ran the model ${how}` }))
      next()
    }
    worker.on('message', (answer: ThreadAnswer) => {
      if (answer.id >= 0) thread.answered?.()
      const { job } = thread
      // a session that was closed answers too
      if (job?.id !== answer.id || !threads.has(thread)) return
      settle(thread)
      if ('error' in answer) job.reject(new Error(answer.error))
      else job.resolve(answer.value)
      next()
    })
    worker.on('error', (error) => gone(`failed: ${error.message}`))
    worker.on('exit', (code) => gone(`ended with code ${code}`))
    worker.unref()
    threads.add(thread)
    return thread
  }

  function settle(thread: Thread) {
    clearTimeout(thread.timer)
    thread.job = undefined
    thread.worker.unref()
  }

  /**
   * Ends a thread as soon as it has answered. One that is ended in the middle of native code takes the process with it.
   */
  async function dismiss(thread: Thread) {
    threads.delete(thread)
    if (thread.job) {
      const answered = new Promise<void>((resolve) => {
        thread.answered = resolve
      })
      settle(thread)
      await answered
    }
    await thread.worker.terminate()
  }

  /** A free thread that has the model, else any free one, else a new one while there may be more. */
  function free(model: number): Thread | undefined {
    const idle = [...threads].filter((thread) => !thread.job)
    return idle.find((thread) => thread.models.has(model)) ?? idle[0] ?? (threads.size < size ? start() : undefined)
  }

  function next() {
    while (waiting.length > 0) {
      const [{ job, timeout }] = waiting as [(typeof waiting)[number]]
      const thread = free(job.request.model)
      if (!thread) return
      waiting.shift()
      thread.job = job
      thread.models.add(job.request.model)
      // native code cannot be stopped from outside: the thread is left to itself, another takes its place
      thread.timer = setTimeout(() => {
        void dismiss(thread)
        job.reject(new KedgeError('unavailable', { what: `The model took longer than ${timeout / 1000} s` }))
        next()
      }, timeout)
      thread.worker.ref()
      thread.worker.postMessage({ ...job.request, id: job.id })
    }
  }

  const ask = (request: Asked, timeout: number) =>
    new Promise<Value>((resolve, reject) => {
      if (closed) return reject(new KedgeError('worker_died', { what: 'The threads for models were ended' }))
      waiting.push({ job: { id: requests++, request, resolve, reject }, timeout })
      next()
    })

  return {
    size,
    async open(path, intraOp, timeout) {
      const model = models++
      const where = { model, path, threads: intraOp }
      const inProgress = new Set<Promise<Value>>()
      const { inputs, outputs } = await ask({ do: 'open', ...where }, timeout)
      return {
        inputs: inputs!,
        outputs: outputs!,
        place: 'thread',
        parallel: Math.max(1, size - 1),
        async run(feeds, fetches) {
          const running = ask({ do: 'run', ...where, feeds, fetches }, timeout)
          inProgress.add(running)
          try {
            return (await running).results!
          } finally {
            inProgress.delete(running)
          }
        },
        async close() {
          // whoever ends the process after this must not do it in the middle of native code
          await Promise.allSettled(inProgress)
          for (const thread of threads)
            if (thread.models.delete(model)) thread.worker.postMessage({ id: -1, do: 'close', model })
        },
      }
    },
    async close() {
      closed = true
      const ended = new KedgeError('worker_died', { what: 'The threads for models were ended' })
      for (const { job } of [...threads, ...waiting]) job?.reject(ended)
      waiting.length = 0
      await Promise.all([...threads].map(dismiss))
    },
  }
}
