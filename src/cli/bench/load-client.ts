import { connect, type Socket } from 'node:net'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { KedgeError } from '../../errors.ts'

export interface LoadResult {
  requests: number
  /** requests with another status than 200 */
  failed: number
  /** how often each other status came, with the beginning of the first such answer */
  failures: Record<number, { count: number; answer: string }>
  seconds: number
  /** milliseconds, ascending */
  latencies: Float64Array
}

export interface LoadOptions {
  host: string
  port: number
  path: string
  bodies: readonly (string | Uint8Array)[]
  connections: number
  seconds: number
  /** in place of `content-type: application/json`, or besides it */
  headers?: Record<string, string>
  /** requests a second of all connections together, evenly spread; as many as are answered when absent */
  rate?: number
}

/** The same in a thread of its own, so that nothing else in this process slows the client down. */
export const loadInThread = (options: LoadOptions, signal?: AbortSignal): Promise<LoadResult> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: options })
    const stop = () => {
      void worker.terminate()
      reject(new KedgeError('cancelled', { what: 'The load' }))
    }
    signal?.addEventListener('abort', stop, { once: true })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => signal?.removeEventListener('abort', stop))
  })

if (!isMainThread && parentPort && (workerData as LoadOptions | null)?.bodies)
  parentPort.postMessage(await loadOverHttp(workerData as LoadOptions))

/**
 * Sends prepared requests over `connections` keep-alive connections, one in flight on each, for `seconds`. Reads only what
 * it needs of the answers, so that the client is not what is measured. With a `rate` the time of a request counts from
 * when it should have been sent. Errors: `unavailable` when a connection cannot be made, or the server closes one.
 */
export async function loadOverHttp(options: LoadOptions): Promise<LoadResult> {
  const { host, port, path, connections } = options
  const headers = { 'content-type': 'application/json', ...options.headers }
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const requests = options.bodies.map((body) =>
    Buffer.concat([
      Buffer.from(
        `POST ${path} HTTP/1.1\r\nhost: ${host}:${port}\r\n${head.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n`,
      ),
      Buffer.from(body as string),
    ]),
  )
  const latencies: number[] = []
  const failures: LoadResult['failures'] = {}
  let failed = 0
  let next = 0
  let going = true
  const started = performance.now()
  const apart = options.rate ? (1000 * connections) / options.rate : 0
  const away = (cause?: unknown) =>
    new KedgeError('unavailable', { what: `${host}:${port} closed a connection` }, { cause })

  const client = (_: unknown, index: number) =>
    new Promise<void>((resolve, reject) => {
      const socket: Socket = connect({ host, port, noDelay: true })
      let pending: Buffer = Buffer.alloc(0)
      let due = started + (apart * index) / connections
      let sentAt = 0
      const send = () => {
        const now = performance.now()
        // who comes late has waited; who comes early has not
        sentAt = apart ? Math.min(due, now) : now
        due += apart
        socket.write(requests[next++ % requests.length]!)
      }
      const proceed = () => {
        if (!going) {
          resolve()
          return void socket.end()
        }
        const wait = apart ? due - performance.now() : 0
        if (wait <= 0) send()
        // timers are too coarse for the last two milliseconds
        else if (wait < 2) setImmediate(proceed)
        else setTimeout(proceed, wait - 2)
      }
      socket.on('connect', proceed)
      socket.on('error', (cause) => reject(away(cause)))
      socket.on('close', () => reject(away()))
      socket.on('data', (chunk) => {
        pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
        const end = pending.indexOf('\r\n\r\n')
        if (end < 0) return
        const text = pending.toString('latin1', 0, end)
        const length = Number(/\ncontent-length: (\d+)/i.exec(text)?.[1])
        if (pending.length < end + 4 + length) return
        if (!text.startsWith('HTTP/1.1 200')) {
          failed++
          const status = Number(text.slice(9, 12))
          failures[status] ??= { count: 0, answer: pending.toString('utf8', end + 4, end + 4 + Math.min(length, 500)) }
          failures[status].count++
        }
        pending = pending.subarray(end + 4 + length)
        latencies.push(performance.now() - sentAt)
        proceed()
      })
    })

  const all = Promise.all(Array.from({ length: connections }, client))
  const over = new Promise((done) => setTimeout(done, options.seconds * 1000))
  await Promise.race([over, all])
  await over
  going = false
  await all
  const seconds = (performance.now() - started) / 1000
  return { requests: latencies.length, failed, failures, seconds, latencies: Float64Array.from(latencies).sort() }
}
