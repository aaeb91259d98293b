import { connect, type Socket } from 'node:net'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

export interface OpenLoadOptions {
  host: string
  port: number
  path: string
  body: string
  /** requests per second, whether or not those before are answered */
  rate: number
  seconds: number
}

export interface OpenLoadResult {
  sent: number
  refused: number
  /** answers with neither 200 nor 429 */
  failed: number
  /** milliseconds from when a request was due to its answer 200, ascending */
  latencies: Float64Array
  /** the same of refusals */
  refusals: Float64Array
}

/** Sends requests when they are due, in a thread of its own: a server that is slow does not slow the load down. */
export const openLoad = (options: OpenLoadOptions): Promise<OpenLoadResult> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: options })
    worker.once('message', resolve)
    worker.once('error', reject)
  })

if (!isMainThread && parentPort) parentPort.postMessage(await send(workerData as OpenLoadOptions))

async function send({ host, port, path, body, rate, seconds }: OpenLoadOptions): Promise<OpenLoadResult> {
  const request = Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: ${host}:${port}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
  const latencies: number[] = []
  const refusals: number[] = []
  const idle: ((due: number) => void)[] = []
  let failed = 0
  let answered = 0
  let done = () => {}

  function connection(first: number) {
    let due = first
    let pending = Buffer.alloc(0)
    const socket: Socket = connect({ host, port, noDelay: true }, () => socket.write(request))
    const again = (next: number) => {
      due = next
      socket.write(request)
    }
    const end = () => {
      answered++
      done()
    }
    socket.on('error', () => {
      failed++
      end()
    })
    socket.on('data', (piece) => {
      pending = pending.length === 0 ? piece : Buffer.concat([pending, piece])
      const head = pending.indexOf('\r\n\r\n')
      if (head < 0) return
      const text = pending.toString('latin1', 0, head)
      const length = Number(/content-length: (\d+)/i.exec(text)![1])
      if (pending.length < head + 4 + length) return
      pending = Buffer.alloc(0)
      const took = performance.now() - due
      if (text.startsWith('HTTP/1.1 200')) latencies.push(took)
      else if (text.startsWith('HTTP/1.1 429')) refusals.push(took)
      else failed++
      if (/connection: close/i.test(text)) {
        socket.destroy()
      } else idle.push(again)
      end()
    })
  }

  const total = Math.round(rate * seconds)
  const started = performance.now()
  let sent = 0
  await new Promise<void>((resolve) => {
    const tick = () => {
      const now = performance.now()
      for (; sent < total && started + (sent * 1000) / rate <= now; sent++) {
        const due = started + (sent * 1000) / rate
        const free = idle.pop()
        if (free) free(due)
        else connection(due)
      }
      if (sent < total) setTimeout(tick, 1)
      else resolve()
    }
    tick()
  })
  await new Promise<void>((resolve) => {
    done = () => {
      if (answered >= sent) resolve()
    }
    done()
    setTimeout(resolve, 10_000).unref()
  })
  return {
    sent,
    refused: refusals.length,
    failed,
    latencies: Float64Array.from(latencies).sort(),
    refusals: Float64Array.from(refusals).sort(),
  }
}
