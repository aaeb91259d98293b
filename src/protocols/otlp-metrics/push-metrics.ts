import type { Logger } from '../../log.ts'
import type { CollectMetrics } from '../prometheus/collect-metrics.ts'
import { encodeMetrics } from './encode-metrics.ts'

export interface PushMetricsOptions {
  /** base address of a collector; `/v1/metrics` is added unless it is there */
  url: string
  /** such as `authorization` */
  headers: Readonly<Record<string, string>>
  /** milliseconds */
  interval: number
  collect: CollectMetrics
  log: Logger
  clock: () => number
  startedAt: number
  version: string
  node: string
}

const timeout = 10_000

/** Sends the metrics to a collector again and again. A collector that is away costs what was measured meanwhile, and one line in the log. */
export function pushMetrics(options: PushMetricsOptions): { stop(): Promise<void> } {
  const { collect, log, clock, interval } = options
  const url = /\/v1\/metrics$/.test(options.url) ? options.url : `${options.url.replace(/\/+$/, '')}/v1/metrics`
  const stopping = new AbortController()
  let failing = false

  async function push() {
    try {
      const body = encodeMetrics(await collect(), { ...options, time: clock() })
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-protobuf', ...options.headers },
        body: body as Uint8Array<ArrayBuffer>,
        signal: AbortSignal.any([stopping.signal, AbortSignal.timeout(timeout)]),
      })
      await answer.arrayBuffer()
      if (!answer.ok) throw new Error(`it answered ${answer.status}`)
      if (failing) log.info({ url }, 'metrics are sent again')
      failing = false
    } catch (error) {
      if (stopping.signal.aborted) return
      if (!failing) log.warn({ url, why: (error as Error).message }, 'metrics cannot be sent')
      failing = true
    }
  }

  let running = push()
  const timer = setInterval(() => {
    running = running.then(push)
  }, interval)
  return {
    async stop() {
      clearInterval(timer)
      stopping.abort()
      await running
    },
  }
}
