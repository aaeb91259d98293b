import type { Connection } from './http-client.ts'

export interface Rate {
  /** requests a second */
  rate: number
  /** milliseconds */
  p50: number
  p99: number
}

/** Sends what `request` makes over all connections, one in flight on each, for `seconds`. Throws at any answer but 200. */
export async function putLoad(
  connections: readonly Connection[],
  seconds: number,
  request: () => { path: string; body?: string },
): Promise<Rate> {
  const latencies: number[] = []
  const start = performance.now()
  const until = start + seconds * 1000
  await Promise.all(
    connections.map(async (connection) => {
      while (performance.now() < until) {
        const { path, body } = request()
        const sent = performance.now()
        const answer = await connection.send(body === undefined ? 'GET' : 'POST', path, body)
        latencies.push(performance.now() - sent)
        if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.body.toString().slice(0, 300)}`)
      }
    }),
  )
  const took = (performance.now() - start) / 1000
  latencies.sort((a, b) => a - b)
  return { rate: latencies.length / took, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) }
}

/** The value below which the part `q` of an ascending list lies. */
export const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN

export const median = (values: readonly number[]): number =>
  quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  )
