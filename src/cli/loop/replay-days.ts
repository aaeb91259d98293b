import type { z } from 'zod'
import type { rowsAnswer } from '../../protocols/kedge/schemas/data.ts'
import type { ApiClient } from '../api-client.ts'

export const day = 86_400_000

export interface ReplayedFlight {
  /** `2001-02-01/000123`: the day and the place in it */
  id: string
  /** departure, milliseconds since 1970 */
  time: number
  features: Record<string, number | string>
  /** 1: more than 15 minutes late */
  late: number
}

/** The day of a time (milliseconds since 1970, UTC), YYYY-MM-DD. */
export const dayText = (time: number): string => new Date(time).toISOString().slice(0, 10)
const features = ['hour', 'weekday', 'distance', 'origin', 'destination']

/** The rows of a dataset version by day of departure, each with the id under which it is predicted: always the same. */
export async function replayDays(
  api: ApiClient,
  project: string,
  dataset: string,
  version: number,
): Promise<Map<number, ReplayedFlight[]>> {
  const days = new Map<number, ReplayedFlight[]>()
  const pageSize = 1000
  for (let offset = 0; ; offset += pageSize) {
    const { columns, rows } = await api.get<z.output<typeof rowsAnswer>>(
      `/api/v1/projects/${project}/datasets/${dataset}/versions/${version}/rows`,
      { limit: pageSize, offset },
    )
    const at = Object.fromEntries(columns.map(({ name }, i) => [name, i]))
    for (const row of rows) {
      const time = row[at.date!] as number
      const midnight = Math.floor(time / day) * day
      const flights = days.get(midnight) ?? []
      days.set(midnight, flights)
      flights.push({
        id: `${dayText(midnight)}/${String(flights.length).padStart(6, '0')}`,
        time,
        features: Object.fromEntries(features.map((name) => [name, row[at[name]!] as number | string])),
        late: row[at.late!] as number,
      })
    }
    if (rows.length < pageSize) return days
  }
}
