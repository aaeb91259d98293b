import { connect, type Socket } from 'node:net'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

export interface LoadResult {
  requests: number
  /** requests with another status than 200 */
  failed: number
  seconds: number
  /** milliseconds, ascending */
  latencies: Float64Array
}

export interface LoadOptions {
  host: string
  port: number
  path: string
  bodies: readonly string[]
  connections: number
  seconds: number
  headers?: Record<string, string>
}

/** The same in a thread of its own, so that nothing else in this process slows the client down. */
export const loadInThread = (options: LoadOptions): Promise<LoadResult> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: options })
    worker.once('message', resolve)
    worker.once('error', reject)
  })

if (!isMainThread && parentPort) parentPort.postMessage(await loadOverHttp(workerData as LoadOptions))

/**
 * Sends prepared requests over `connections` keep-alive connections, one in flight on each, for `seconds`. Reads only what
 * it needs of the answers, so that the client is not what is measured.
 */
export async function loadOverHttp(options: LoadOptions): Promise<LoadResult> {
  const { host, port, path } = options
  const extra = Object.entries(options.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`)
  const requests = options.bodies.map((body) =>
    Buffer.from(
      `POST ${path} HTTP/1.1\r\nhost: ${host}:${port}\r\ncontent-type: application/json\r\n${extra.join('')}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  )
  const latencies: number[] = []
  let failed = 0
  let next = 0
  let going = true
  const started = performance.now()

  const client = () =>
    new Promise<void>((resolve, reject) => {
      const socket: Socket = connect({ host, port, noDelay: true })
      let pending = Buffer.alloc(0)
      let sentAt = 0
      const send = () => {
        sentAt = performance.now()
        socket.write(requests[next++ % requests.length]!)
      }
      socket.on('connect', send)
      socket.on('error', reject)
      socket.on('data', (chunk) => {
        pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
        const head = pending.indexOf('\r\n\r\n')
        if (head < 0) return
        const text = pending.toString('latin1', 0, head)
        const length = Number(/content-length: (\d+)/i.exec(text)![1])
        if (pending.length < head + 4 + length) return
        pending = pending.subarray(head + 4 + length)
        if (!text.startsWith('HTTP/1.1 200')) failed++
        latencies.push(performance.now() - sentAt)
        if (going) send()
        else {
          socket.end()
          resolve()
        }
      })
    })

  const all = Promise.all(Array.from({ length: options.connections }, client))
  await new Promise((done) => setTimeout(done, options.seconds * 1000))
  going = false
  await all
  const seconds = (performance.now() - started) / 1000
  return { requests: latencies.length, failed, seconds, latencies: Float64Array.from(latencies).sort() }
}
