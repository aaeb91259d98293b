import { KedgeError } from '../../errors.ts'
import { type LoadOptions, type LoadResult, loadInThread } from './load-client.ts'

export interface Point {
  clients: number
  batch: number
  seconds: number
  requests: number
  failed: number
  /** requests answered a second */
  rate: number
  /** milliseconds */
  p50: number
  p95: number
  p99: number
}

/** A quantile of ascending numbers; 0 of none. */
export const quantile = (ascending: ArrayLike<number>, share: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? 0

export const toPoint = (
  clients: number,
  batch: number,
  { requests, failed, seconds, latencies }: LoadResult,
): Point => ({
  clients,
  batch,
  seconds,
  requests,
  failed,
  rate: (requests - failed) / seconds,
  p50: quantile(latencies, 0.5),
  p95: quantile(latencies, 0.95),
  p99: quantile(latencies, 0.99),
})

/** How an endpoint answers with each number of clients and each size of a batch, after a warm-up. Errors: `load_refused` when nothing is answered. */
export async function measureCapacity(options: {
  target: Omit<LoadOptions, 'bodies' | 'connections' | 'seconds'>
  bodiesOf(batch: number): string[]
  clients: readonly number[]
  batches: readonly number[]
  seconds: number
  signal: AbortSignal
  progress(text: string): void
}): Promise<Point[]> {
  const { target, clients, seconds, signal, progress } = options
  const points: Point[] = []
  for (const batch of options.batches) {
    const bodies = options.bodiesOf(batch)
    progress(`Warming up with ${batch} row${batch === 1 ? '' : 's'} a request …`)
    check(await loadInThread({ ...target, bodies, connections: 4, seconds: Math.min(1, seconds) }, signal))
    for (const connections of clients) {
      progress(`${connections} client${connections === 1 ? '' : 's'}, ${seconds} s …`)
      points.push(
        toPoint(connections, batch, check(await loadInThread({ ...target, bodies, connections, seconds }, signal))),
      )
    }
  }
  return points
}

function check(result: LoadResult): LoadResult {
  if (result.requests > result.failed) return result
  const [status, failure] = Object.entries(result.failures)[0] ?? []
  throw new KedgeError('load_refused', { status: status ?? 'no answer', what: failure?.answer ?? '' })
}
