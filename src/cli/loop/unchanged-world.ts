import { setTimeout as pause } from 'node:timers/promises'
import type { z } from 'zod'
import type { alertList } from '../../protocols/kedge/schemas/monitoring.ts'
import type { endpointDetail } from '../../protocols/kedge/schemas/serving.ts'
import { seededRandom } from '../../statistics/seeded-random.ts'
import type { ApiClient } from '../api-client.ts'
import { openAcknowledgements } from './acknowledgements.ts'
import { createFlightClient } from './flight-client.ts'
import { day, dayText, type ReplayedFlight } from './replay-days.ts'
import { settle } from './settle.ts'

export interface UnchangedWorld {
  endpoint: string
  days: number
  predictions: number
  alerts: { family: string; violations: unknown }[]
}

const endpoint = 'unchanged'

/**
 * A stretch in which nothing changes, by construction: every day is one of the days that the first version was trained and
 * held out on, of the same weekday, drawn with replacement (seeded), and its flights are drawn with replacement from that
 * day's, with their own truth. So the weather still changes from day to day, but its law does not. They are asked of an
 * endpoint of their own that serves the same version, watched by the monitors that exist without configuration, which must
 * stay silent.
 */
export async function playUnchangedWorld(options: {
  api: ApiClient
  project: string
  model: string
  version: number
  /** flights of the time of training, by day */
  flights: ReadonlyMap<number, readonly ReplayedFlight[]>
  days: number
  perDay: number
  /** where the client's log of acknowledgements is kept */
  log: string
  signal: AbortSignal
}): Promise<UnchangedWorld> {
  const { api, project, flights, signal } = options
  const base = `/api/v1/projects/${project}/endpoints/${endpoint}`
  await api.send('PUT', base, { model: options.model, automatic: false })
  await serveVersion(api, base, options.version, signal)
  const acknowledgements = openAcknowledgements(options.log)
  const client = createFlightClient({
    predictUrl: async () =>
      `${(await api.get<z.output<typeof endpointDetail>>(base)).addresses.http}/endpoints/${endpoint}/predict`,
    actualsUrl: `${api.url}${base}/actuals`,
    acknowledgements,
    signal,
  })
  const random = seededRandom(20010101)
  const start = Date.UTC(2001, 1, 1)
  let count = 0
  for (let i = 0; i < options.days; i++) {
    const midnight = start + i * day
    const alike = [...flights].filter(([date]) => (midnight - date) % (7 * day) === 0).map(([, some]) => some)
    const one = alike[Math.floor(random() * alike.length)]!
    const drawn = Array.from({ length: options.perDay }, (_, k): ReplayedFlight => {
      const flight = one[Math.floor(random() * one.length)]!
      return {
        ...flight,
        id: `${endpoint}/${dayText(midnight)}/${String(k).padStart(6, '0')}`,
        time: midnight + (flight.time % day),
      }
    })
    count += drawn.length
    await client.predict(drawn)
    await client.tell(drawn)
  }
  await settle(api, project, endpoint, { predictions: count, signal })
  const { items } = await api.get<z.output<typeof alertList>>(`/api/v1/projects/${project}/alerts`, { endpoint })
  return {
    endpoint,
    days: options.days,
    predictions: count,
    alerts: items.map(({ family, violations }) => ({ family, violations })),
  }
}

/** Puts the version on the endpoint at once and waits until it answers every caller; a new endpoint begins with the champion. */
async function serveVersion(api: ApiClient, base: string, version: number, signal: AbortSignal): Promise<void> {
  let asked = false
  for (;;) {
    const { state, traffic, release } = await api.get<z.output<typeof endpointDetail>>(base)
    const answers = traffic.some((one) => one.version === version && one.percent === 100 && !one.shadow)
    if (answers && state === 'ready') return
    if (!answers && !asked && release?.state !== 'running') {
      await api.send('POST', `${base}/releases`, { version, strategy: { shadow: false, canary: [], analyse: [] } })
      asked = true
    }
    await pause(100, undefined, { signal })
  }
}
