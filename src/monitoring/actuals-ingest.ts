import type { Environment } from '../environment.ts'
import { createArrivingActuals } from './actuals-arriving.ts'
import { type EndpointKey, markStale } from './stale.ts'

export interface RecordedActual {
  /** the prediction's id */
  id: string
  value: number | boolean | string
  receivedAt: number
}

export interface TakenActuals {
  /** ids whose prediction has not come yet */
  unknown: number
  /** ids whose actual is new or another than before; only their hours are computed again */
  changed: number
}

interface Known {
  id: string
  value: number | null
  label: string
  receivedAt: number
}

/**
 * Takes actuals in any order, as often as they come: the last that came is the one that holds. Only what is new or corrected is
 * written, and only the hours of its predictions are marked.
 */
export function createActualsIngest(environment: Environment) {
  const { events, journal, jobs } = environment
  const arriving = createArrivingActuals(environment)

  async function known({ project, endpoint }: EndpointKey, ids: readonly string[]) {
    const rows = await events.query<Known>(
      `SELECT id, value, label, toUnixTimestamp64Milli(received_at) AS receivedAt FROM actuals FINAL
       WHERE project = {project:String} AND endpoint = {endpoint:String} AND id IN {ids:Array(String)}`,
      { project, endpoint, ids },
    )
    return new Map(rows.map((row) => [row.id, row]))
  }

  /** After the actuals are durable: a prediction that comes later marks its hour itself. */
  async function predictionsOf({ project, endpoint }: EndpointKey, ids: readonly string[]) {
    return events.query<{ hour: number; ids: string[] }>(
      `SELECT toUnixTimestamp(toStartOfHour(time)) * 1000 AS hour, groupUniqArray(id) AS ids FROM predictions
       WHERE project = {project:String} AND endpoint = {endpoint:String} AND id IN {ids:Array(String)} GROUP BY hour`,
      { project, endpoint, ids },
    )
  }

  return {
    mend: arriving.mend,

    async take(key: EndpointKey, rows: readonly RecordedActual[]): Promise<TakenActuals> {
      if (rows.length === 0) return { unknown: 0, changed: 0 }
      await arriving.mend(key)
      const last = new Map(rows.map((row) => [row.id, row]))
      const ids = [...last.keys()]
      const before = await known(key, ids)
      const changed = [...last.values()].flatMap((row) => {
        const encoded = encode(row)
        const old = before.get(row.id)
        if (old && old.value === encoded.value && old.label === encoded.label) return []
        // the clock may have been set back: what came last holds all the same
        return [{ ...encoded, receivedAt: Math.max(row.receivedAt, (old?.receivedAt ?? -1) + 1) }]
      })
      if (changed.length === 0) return { unknown: await unknownOf(key, ids), changed: 0 }
      const from = changed.reduce((least, row) => Math.min(least, row.receivedAt), Number.POSITIVE_INFINITY)
      const note = await arriving.begin(key, from)
      const encoded = changed.map(({ receivedAt, ...row }) => ({
        project: key.project,
        endpoint: key.endpoint,
        ...row,
        received_at: new Date(receivedAt).toISOString(),
      }))
      await events.insert('actuals', encoded)
      const found = await predictionsOf(key, ids)
      const isChanged = new Set(changed.map(({ id }) => id))
      const hours = found.filter((row) => row.ids.some((id) => isChanged.has(id))).map((row) => row.hour)
      await journal.change({ actor: 'monitoring' }, async (change) => {
        await markStale(change, jobs, key, hours)
        await arriving.end(change, note)
      })
      return { unknown: ids.length - new Set(found.flatMap((row) => row.ids)).size, changed: changed.length }
    },
  }

  async function unknownOf(key: EndpointKey, ids: readonly string[]) {
    return ids.length - new Set((await predictionsOf(key, ids)).flatMap((row) => row.ids)).size
  }
}

const encode = ({ id, value }: RecordedActual) => ({
  id,
  value: typeof value === 'string' ? null : Number(value),
  label: typeof value === 'string' ? value : '',
})
