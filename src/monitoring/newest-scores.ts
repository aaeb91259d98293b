import type { EventsStore } from '../storage/events/events-store.ts'
import { day } from './event-day.ts'

export interface NewestScore {
  project: string
  endpoint: string
  monitor: string
  feature: string
  revision: number
  value: number | null
  thresholdHigh: number | null
  state: string
}

/** Longest stretch behind the newest prediction in which a newest window is looked for. */
const longest = 40 * day

/** The scores of the newest window of each endpoint, of all rows and not of segments. `last`: time of its newest prediction. */
export async function readNewestScores(
  events: EventsStore,
  endpoints: readonly { project: string; endpoint: string; last: number }[],
): Promise<NewestScore[]> {
  if (endpoints.length === 0) return []
  const from = endpoints.reduce((least, { last }) => Math.min(least, last), Number.POSITIVE_INFINITY) - longest
  return events.query<NewestScore>(
    `SELECT project, endpoint, monitor, feature, revision, value, threshold_high AS thresholdHigh, state
     FROM (
       SELECT project, endpoint, monitor, feature, revision, value, threshold_high, state, window_end,
         max(window_end) OVER (PARTITION BY project, endpoint, startsWith(monitor, 'freshness.')) AS newest
       FROM scores FINAL
       WHERE segment = '' AND project IN {projects:Array(String)} AND endpoint IN {endpoints:Array(String)}
         AND window_end > toDateTime({from:UInt32}, 'UTC')
     ) WHERE window_end = newest ORDER BY project, endpoint, monitor, feature, revision`,
    {
      projects: [...new Set(endpoints.map(({ project }) => project))],
      endpoints: [...new Set(endpoints.map(({ endpoint }) => endpoint))],
      from: Math.max(0, Math.floor(from / 1000)),
    },
  )
}
