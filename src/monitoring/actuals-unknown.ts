import type { EventsStore } from '../storage/events/events-store.ts'
import type { EndpointKey } from './stale.ts'

export interface UnknownActuals {
  /** ids with an actual and without a prediction */
  count: number
  /** at most 100 */
  newest: { id: string; value: number | string; receivedAt: number }[]
}

const shown = 100

/** Actuals that wait for their prediction. */
export async function readUnknownActuals(events: EventsStore, key: EndpointKey): Promise<UnknownActuals> {
  const own = 'project = {project:String} AND endpoint = {endpoint:String}'
  const rows = await events.query<{
    id: string
    value: number | null
    label: string
    receivedAt: number
    total: number
  }>(
    `SELECT id, value, label, toUnixTimestamp64Milli(received_at) AS receivedAt, count() OVER () AS total
     FROM actuals FINAL WHERE ${own} AND id NOT IN (SELECT id FROM predictions WHERE ${own})
     ORDER BY received_at DESC, id LIMIT ${shown}`,
    { project: key.project, endpoint: key.endpoint },
  )
  return {
    count: rows[0]?.total ?? 0,
    newest: rows.map(({ id, value, label, receivedAt }) => ({ id, value: value ?? label, receivedAt })),
  }
}
