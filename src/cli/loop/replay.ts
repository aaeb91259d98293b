import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { z } from 'zod'
import { KedgeError } from '../../errors.ts'
import type { monitoringOverview } from '../../protocols/kedge/schemas/monitoring.ts'
import type { endpointDetail } from '../../protocols/kedge/schemas/serving.ts'
import type { ApiClient } from '../api-client.ts'
import { openAcknowledgements } from './acknowledgements.ts'
import { base, endpoint, project } from './example-names.ts'
import { createFlightClient } from './flight-client.ts'
import type { LoopOptions } from './loop-options.ts'
import { day, dayText, type ReplayedFlight } from './replay-days.ts'
import { settle } from './settle.ts'
import { createStory } from './story.ts'

type EndpointDetail = z.output<typeof endpointDetail>

/** The endpoint once it answers. Errors: `conflict` when its revision cannot be loaded, `unavailable` when it takes too long. */
export async function readyEndpoint(api: ApiClient, signal: AbortSignal): Promise<EndpointDetail> {
  const deadline = Date.now() + 120_000
  for (;;) {
    const detail = await api.get<EndpointDetail>(`${base}/endpoints/${endpoint}`)
    if (detail.state === 'ready' && detail.addresses.http) return detail
    if (detail.state === 'failed')
      throw new KedgeError('conflict', { what: `The first revision of ${endpoint} cannot be loaded` })
    if (Date.now() > deadline)
      throw new KedgeError('unavailable', {
        what: `The endpoint ${endpoint} is still ${detail.state}: its first version may not have passed its gate`,
      })
    await pause(100, undefined, { signal })
  }
}

/** One day after the other: the day's predictions, the truth of the day before, then what follows from it. */
export async function replay(
  options: LoopOptions & {
    from: number
    until: number
    days: ReadonlyMap<number, readonly ReplayedFlight[]>
    head: number
  },
): Promise<void> {
  const { api, report, signal, from, until, days, folder } = options
  const acknowledgements = openAcknowledgements(join(folder, 'acknowledged.ndjson'))
  let address: string | undefined
  const client = createFlightClient({
    async predictUrl() {
      address ??= (await readyEndpoint(api, signal)).addresses.http ?? undefined
      return `${address}/endpoints/${endpoint}/predict`
    },
    actualsUrl: `${api.url}${base}/endpoints/${endpoint}/actuals`,
    acknowledgements,
    signal,
  })
  const story = await createStory(api, project, report, options.head)
  const overview = await api.get<z.output<typeof monitoringOverview>>(`${base}/endpoints/${endpoint}/monitoring`)
  const reached =
    overview.lastPrediction === null ? from : Math.max(from, Math.floor(overview.lastPrediction / day) * day)
  if (reached > from) report.progress(`Going on with ${dayText(reached)}`)
  report.progress(`Replaying ${dayText(from)} to ${dayText(until - day)}, one day after the other …`)

  const flightsOf = (midnight: number) => days.get(midnight) ?? []
  let expected = 0
  for (let midnight = from; midnight < reached; midnight += day) expected += flightsOf(midnight).length
  let asked = 0
  let week = Date.now()
  // a day more than there are days: it brings the truth of the last one
  for (let midnight = reached; midnight <= until; midnight += day) {
    const begun = Date.now()
    const today = dayText(midnight)
    const flights = midnight < until ? flightsOf(midnight) : []
    expected += flights.length
    asked += await client.predict(flights)
    await client.tell(flightsOf(midnight - day).filter(({ time }) => time >= from))
    await settle(api, project, endpoint, { predictions: expected, signal })
    await settleRelease(api, signal)
    await story.tell(today)
    if (new Date(midnight).getUTCDay() === 0) {
      report.progress(`  ${today}  ${expected} predictions (${((Date.now() - week) / 7000).toFixed(1)} s a day)`)
      week = Date.now()
    }
    const left = (options.pace ?? 0) - (Date.now() - begun)
    if (left > 0) await pause(left, undefined, { signal })
  }
  report.stage('replay', { from: dayText(from), to: dayText(until - day), predictions: expected, askedNow: asked })
}

/** While a release is under way, waits for what inference processes report twice a second to have been judged. */
async function settleRelease(api: ApiClient, signal: AbortSignal): Promise<void> {
  const { release } = await api.get<EndpointDetail>(`${base}/endpoints/${endpoint}`)
  if (release?.state === 'running') await pause(1200, undefined, { signal })
}
