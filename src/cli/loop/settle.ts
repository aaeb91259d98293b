import { setTimeout as pause } from 'node:timers/promises'
import type { z } from 'zod'
import { KedgeError } from '../../errors.ts'
import type { firingAnswer } from '../../protocols/kedge/schemas/automation.ts'
import type { journalEvent } from '../../protocols/kedge/schemas/journal.ts'
import type { monitoringOverview } from '../../protocols/kedge/schemas/monitoring.ts'
import type { ApiClient } from '../api-client.ts'

type Overview = z.output<typeof monitoringOverview>

/** Jobs that the story does not wait for. */
const background = /^(serving\.|server\.|registry\.collect|automation\.deliver)/

/**
 * Waits until the server has drawn every conclusion from what it was sent: predictions recorded, windows computed, rules
 * asked, retraining, gate and reports done. So the story is the same on every machine. Errors: `unavailable` after `patience`.
 */
export async function settle(
  api: ApiClient,
  project: string,
  endpoint: string,
  options: { predictions: number; signal: AbortSignal; patience?: number; waiting?(for_: string): void },
): Promise<void> {
  const base = `/api/v1/projects/${project}`
  const deadline = Date.now() + (options.patience ?? 300_000)
  let still = ''
  for (let wait = 40; ; wait = Math.min(wait * 1.5, 250)) {
    still = await unsettled(api, base, endpoint, options.predictions)
    if (still === '') return
    options.waiting?.(still)
    if (Date.now() > deadline)
      throw new KedgeError('unavailable', {
        what: `After ${Math.round((options.patience ?? 300_000) / 1000)} s still: ${still}`,
      })
    await pause(wait, undefined, { signal: options.signal })
  }
}

/** What is still under way, in words; empty when nothing is. */
async function unsettled(api: ApiClient, base: string, endpoint: string, predictions: number): Promise<string> {
  const overview = await api.get<Overview>(`${base}/endpoints/${endpoint}/monitoring`)
  const recorded = overview.revisions.reduce((sum, revision) => sum + revision.live, 0)
  if (recorded < predictions) return `${predictions - recorded} predictions are on their way to the store`
  if (overview.waiting > 0) return `${overview.waiting} buckets and windows wait to be computed`
  for (const state of ['queued', 'running'] as const) {
    const { items } = await api.get<{ items: { kind: string }[] }>(`${base}/jobs`, { state, limit: 1000 })
    const job = items.find(({ kind }) => !background.test(kind))
    if (job) return `a job is ${state}: ${job.kind}`
  }
  const [{ items: alerts }, { items: firings }] = await Promise.all([
    api.get<{ items: z.output<typeof journalEvent>[] }>('/api/v1/journal', {
      project: base.split('/').at(-1),
      type: 'alert.opened',
      limit: 1000,
    }),
    api.get<{ items: z.output<typeof firingAnswer>[] }>(`${base}/firings`, { limit: 1000 }),
  ])
  const heard = new Set(firings.map(({ cause }) => cause))
  const unheard = alerts.find(({ id, data }) => {
    const { family, endpoint: of } = data as { family: string; endpoint: string }
    return of === endpoint && (family === 'drift' || family === 'performance') && !heard.has(id)
  })
  if (unheard) return `${unheard.subject} is not yet answered by its rule`
  // one that waits does so for its cooldown, which later days end
  const firing = firings.find(({ state }) => state === 'running')
  return firing ? `the retraining because of ${firing.subject} is ${firing.state}` : ''
}
