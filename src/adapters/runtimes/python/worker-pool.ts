import { KedgeError } from '../../../errors.ts'
import type { Frame } from './frames.ts'
import type { WorkerProcess } from './worker-process.ts'

export interface PoolOptions {
  /** starts a process that has yet to load */
  start(): WorkerProcess
  print(line: string): void
  /** workers that are kept, and how many there may be while calls wait */
  instances: { min: number; max: number }
  /** resident bytes above which a worker is replaced after its answer; absent: four times what it had when loaded, 1 GiB at least */
  memory?: number | undefined
  /** a call that waits longer than this, in milliseconds, starts another worker */
  growAfter?: number
  /** a worker without work for longer than this ends, as far as there are more than the least */
  idleAfter?: number
}

export interface WorkerPool {
  /** what the model said of itself when it was loaded first */
  readonly loaded: Frame['header']
  readonly parallel: number
  /** processor time of all workers up to their last answers, also of those that ended, in microseconds */
  readonly cpu: number
  /** process ids of the workers that are loaded */
  readonly pids: number[]
  /** Errors: the model's own; `worker_died` when a second worker died of it too, `unavailable` after the time limit. */
  request(header: Record<string, unknown>, buffers?: readonly Uint8Array[]): Promise<Frame>
  close(): Promise<void>
}

interface Job {
  header: Record<string, unknown>
  buffers: readonly Uint8Array[]
  since: number
  tries: number
  resolve(frame: Frame): void
  reject(error: unknown): void
}

interface Slot {
  worker: WorkerProcess
  ready: boolean
  job: Job | undefined
  /** answers that it gave */
  served: number
  limit: number
  idle: NodeJS.Timeout | undefined
}

const mebi = 2 ** 20
const longestPause = 30_000
/** so many deaths after each other, without an answer in between, are the model's own */
const startsLost = 5

/**
 * Some processes of one model: each runs one call at a time, more are started while calls wait. One that dies is replaced,
 * and its call is done once more by another. Loads the first before it resolves. Errors: those of `WorkerProcess.load`.
 */
export async function startWorkerPool(options: PoolOptions): Promise<WorkerPool> {
  const { print, instances, growAfter = 500, idleAfter = 60_000 } = options
  const slots = new Set<Slot>()
  /** every worker that lives, whether it takes calls or not */
  const workers = new Set<WorkerProcess>()
  let spent = 0
  const waiting: Job[] = []
  let closed = false
  /** deaths since the last answer */
  let failures = 0
  let pause: NodeJS.Timeout | undefined
  let growth: NodeJS.Timeout | undefined

  async function open(): Promise<Frame['header']> {
    const began = performance.now()
    const slot: Slot = {
      worker: options.start(),
      ready: false,
      job: undefined,
      served: 0,
      limit: Number.POSITIVE_INFINITY,
      idle: undefined,
    }
    slots.add(slot)
    workers.add(slot.worker)
    void slot.worker.ended.then(() => {
      workers.delete(slot.worker)
      spent += slot.worker.cpu()
      lost(slot)
    })
    const slow = setInterval(
      () => print(`the model is still loading after ${Math.round((performance.now() - began) / 1000)} s`),
      10_000,
    )
    try {
      const loaded = await slot.worker.load()
      slot.limit = options.memory ?? Math.max(1024 * mebi, 4 * Number(loaded.rss))
      slot.ready = true
      print(
        `the model is loaded in process ${slot.worker.pid} after ${((performance.now() - began) / 1000).toFixed(1)} s`,
      )
      next()
      return loaded
    } catch (error) {
      slots.delete(slot)
      void slot.worker.stop()
      throw error
    } finally {
      clearInterval(slow)
    }
  }

  /** Another worker beside those that are there; what goes wrong is told to those who wait when no worker is left. */
  function grow() {
    if (closed || slots.size >= instances.max) return
    open().catch((error: Error) => {
      failures++
      print(`another process of the model could not be started: ${error.message}`)
      // one that was killed while it loaded says nothing of the model: those who wait were not in it
      const killed = error instanceof KedgeError && error.code === 'worker_died' && failures < startsLost
      if (!killed && ![...slots].some((slot) => slot.ready)) for (const job of waiting.splice(0)) job.reject(error)
      replace()
    })
  }

  /** Keeps the least number of workers; after deaths without an answer in between it waits longer each time. */
  function replace() {
    if (closed || pause || (slots.size >= instances.min && !(waiting.length > 0 && slots.size === 0))) return
    const delay = failures <= 1 ? 0 : Math.min(longestPause, 50 * 2 ** failures)
    pause = setTimeout(() => {
      pause = undefined
      if (slots.size < instances.min || (waiting.length > 0 && slots.size === 0)) grow()
    }, delay)
  }

  function lost(slot: Slot) {
    clearTimeout(slot.idle)
    if (!slots.delete(slot) || closed) return
    if (slot.ready) {
      failures++
      print('a process of the model ended; another is started')
    }
    replace()
  }

  /** Takes a worker out and starts another, without a pause: it has answered. */
  function retire(slot: Slot, why: string) {
    if (!slots.delete(slot)) return
    print(why)
    void slot.worker.stop()
    replace()
  }

  function next() {
    for (const slot of slots) {
      if (!slot.ready || slot.job || slot.worker.dead()) continue
      const job = waiting.shift()
      if (!job) {
        slot.idle ??= setTimeout(() => {
          slot.idle = undefined
          if (!slot.job && slots.size > instances.min)
            retire(slot, 'a process of the model had nothing to do and ended')
        }, idleAfter).unref()
        continue
      }
      void run(slot, job)
    }
    if (waiting.length > 0 && slots.size < instances.max)
      growth ??= setTimeout(() => {
        growth = undefined
        const [first] = waiting
        if (!first || [...slots].some((slot) => !slot.ready)) return
        if (performance.now() - first.since >= growAfter || slots.size === 0) grow()
        else next()
      }, growAfter)
  }

  async function run(slot: Slot, job: Job) {
    slot.job = job
    clearTimeout(slot.idle)
    slot.idle = undefined
    job.tries++
    try {
      const frame = await slot.worker.send(job.header, job.buffers)
      failures = 0
      slot.served++
      job.resolve(frame)
      if (Number(frame.header.rss) > slot.limit)
        retire(
          slot,
          `the model took ${Math.round(Number(frame.header.rss) / mebi)} MiB, its limit is ${Math.round(slot.limit / mebi)} MiB: its process is replaced`,
        )
    } catch (error) {
      const died = error instanceof KedgeError && error.code === 'worker_died'
      if (died && job.tries < 2 && !closed) waiting.unshift(job)
      else job.reject(error)
      if (error instanceof KedgeError && error.details.memory)
        retire(slot, 'the model asked for more memory than it may have: its process is replaced')
    } finally {
      slot.job = undefined
    }
    next()
  }

  const loaded = await open().catch((error) => {
    // killed while it loaded, maybe by somebody else's fault: whoever called goes on waiting
    if (error instanceof KedgeError && error.code === 'worker_died') return open()
    throw error
  })
  const rest = () => {
    for (let i = slots.size; i < instances.min; i++) grow()
  }
  rest()

  return {
    loaded,
    // one more than there are may wait here: by that the pool sees that it should grow
    get parallel() {
      const ready = [...slots].filter((slot) => slot.ready).length
      return Math.max(1, Math.min(instances.max, ready + 1))
    },
    get cpu() {
      return [...workers].reduce((sum, worker) => sum + worker.cpu(), spent)
    },
    get pids() {
      return [...slots].filter((slot) => slot.ready).map((slot) => slot.worker.pid!)
    },
    request(header, buffers = []) {
      if (closed) return Promise.reject(new KedgeError('unavailable', { what: 'The model was closed' }))
      if (waiting.length >= 10_000)
        return Promise.reject(new KedgeError('overloaded', { what: 'Too many calls of the model wait already' }))
      return new Promise((resolve, reject) => {
        waiting.push({ header, buffers, since: performance.now(), tries: 0, resolve, reject })
        next()
        replace()
      })
    },
    async close() {
      closed = true
      clearTimeout(pause)
      clearTimeout(growth)
      for (const job of waiting.splice(0)) job.reject(new KedgeError('unavailable', { what: 'The model was closed' }))
      await Promise.all([...slots].map((slot) => slot.worker.stop()))
    },
  }
}
