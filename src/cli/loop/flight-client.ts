import { KedgeError } from '../../errors.ts'
import type { Acknowledgements } from './acknowledgements.ts'
import { persistent } from './persistent.ts'
import type { ReplayedFlight } from './replay-days.ts'

interface Predicted {
  predictions: { id: string; score: number; label: string; revision: number }[]
}

const batchSize = 50
const connections = 4

/** The application in the story: asks for predictions over HTTP, in small batches over a few connections, and tells the truth later. */
export function createFlightClient(options: {
  /** where the endpoint is asked */
  predictUrl(): Promise<string>
  /** where actuals go */
  actualsUrl: string
  acknowledgements: Acknowledgements
  signal: AbortSignal
  /** called after each answered batch */
  answered?(count: number): void
}) {
  const { acknowledgements, signal } = options

  async function post<T>(url: string, body: unknown): Promise<T> {
    let answer: Response
    try {
      answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]),
      })
    } catch (cause) {
      throw new KedgeError('server_unreachable', { url, why: (cause as Error).message }, { cause })
    }
    const text = await answer.text()
    if (answer.ok) return JSON.parse(text) as T
    const away = answer.status >= 500 || answer.status === 429 || answer.status === 404
    throw new KedgeError(away ? 'unavailable' : 'invalid_input', {
      what: `${url} answered ${answer.status}: ${text.slice(0, 500)}`,
    })
  }

  return {
    /** Predicts what has not been answered yet; gives how many were. */
    async predict(flights: readonly ReplayedFlight[]): Promise<number> {
      const open = flights.filter(({ id }) => !acknowledgements.predictions.has(id))
      const batches = Array.from({ length: Math.ceil(open.length / batchSize) }, (_, i) =>
        open.slice(i * batchSize, (i + 1) * batchSize),
      )
      const work = async () => {
        for (let batch = batches.shift(); batch; batch = batches.shift()) {
          const instances = batch.map(({ id, time, features }) => ({ id, time, features }))
          const { predictions } = await persistent(
            async () => post<Predicted>(await options.predictUrl(), { instances }),
            signal,
          )
          acknowledgements.predicted(predictions)
          options.answered?.(predictions.length)
        }
      }
      await Promise.all(Array.from({ length: connections }, work))
      return open.length
    },
    /** Tells what became of flights; gives how many had not been told before. */
    async tell(flights: readonly ReplayedFlight[]): Promise<number> {
      const open = flights.filter(({ id }) => !acknowledgements.actuals.has(id))
      if (open.length === 0) return 0
      await persistent(
        () => post(options.actualsUrl, { items: open.map(({ id, late }) => ({ id, value: late })) }),
        signal,
      )
      acknowledgements.told(open.map(({ id }) => id))
      return open.length
    },
  }
}
