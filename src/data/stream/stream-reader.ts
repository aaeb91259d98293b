import { Worker } from 'node:worker_threads'
import { KedgeError } from '../../errors.ts'
import type { FromReader, Landing, ReaderStart, ReaderState, ToReader } from './thread-messages.ts'

export interface StreamReaderOptions {
  start: ReaderStart
  /** ids that are landed, oldest first */
  ids: AsyncIterable<string[]>
  secret(name: string): Promise<string>
  /** Makes a landing durable; it fails only when nothing more is to be read. */
  land(landing: Landing): Promise<void>
  state(state: ReaderState): void
  lag(lag: number | null): void
}

export interface StreamReader {
  pause(): void
  resume(): void
  /**
   * Leaves the peer; what is not durable comes again. `forget`: also what was made for the stream there; whether there
   * was something.
   */
  close(forget?: boolean): Promise<boolean>
  /** Rejects when reading has failed. */
  failed: Promise<never>
}

const entry = new URL(`./stream-thread${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url)
/** how long the peer may take to be left, in milliseconds */
const grace = 5000

/** Starts the thread that reads a stream. */
export function startStreamReader(options: StreamReaderOptions): StreamReader {
  const worker = new Worker(entry, {
    workerData: options.start,
    resourceLimits: { maxOldGenerationSizeMb: 1024, maxYoungGenerationSizeMb: 96 },
  })
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  const gone = Promise.withResolvers<boolean>()
  let closing = false
  const say = (message: ToReader) => worker.postMessage(message)

  const heard = {
    async landing({ landing }) {
      try {
        await options.land(landing)
        say({ type: 'landed' })
      } catch (error) {
        failed.reject(error)
      }
    },
    state: ({ connection, reason }) => options.state({ connection, reason }),
    lag: ({ lag }) => options.lag(lag),
    async secret({ number, reference: { secret } }) {
      await options.secret(secret).then(
        (value) => say({ type: 'secret', number, value }),
        () => say({ type: 'secret', number, error: secret }),
      )
    },
    closed: ({ forgotten }) => gone.resolve(forgotten),
    failed: ({ error }) => failed.reject(new KedgeError('conflict', { what: error.message }, { todo: error.todo })),
  } satisfies { [T in FromReader['type']]: (message: Extract<FromReader, { type: T }>) => void | Promise<void> }

  worker.on('message', (message: FromReader) => void heard[message.type](message as never))
  worker.on('error', (error) =>
    failed.reject(new KedgeError('worker_died', { what: `The reader failed: ${error.message}` })),
  )
  worker.on('exit', (code) => {
    gone.resolve(false)
    // an end that was asked for is no failure
    if (!closing) failed.reject(new KedgeError('worker_died', { what: `The reader ended with code ${code}` }))
  })
  void (async () => {
    for await (const ids of options.ids) say({ type: 'ids', ids })
    if (!closing) say({ type: 'begin' })
  })().catch((error) => failed.reject(error))

  return {
    pause: () => say({ type: 'pause' }),
    resume: () => say({ type: 'resume' }),
    async close(forget = false) {
      closing = true
      say({ type: 'close', forget })
      const late = new Promise<boolean>((done) => setTimeout(done, grace, false).unref())
      const forgotten = await Promise.race([gone.promise, late])
      await worker.terminate()
      return forgotten
    },
    failed: failed.promise,
  }
}
