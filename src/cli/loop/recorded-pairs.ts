import type { z } from 'zod'
import type { predictionRows } from '../../protocols/kedge/schemas/monitoring.ts'
import type { ApiClient } from '../api-client.ts'
import { day } from './replay-days.ts'

type PredictionRow = z.output<typeof predictionRows>['items'][number]

/** One flight as it was answered and as the first revision, never retrained, would have answered it. */
export interface Pair {
  id: string
  time: number
  /** which revision answered the caller */
  revision: number
  answered: number
  never: number
  late: boolean
}

/** Reads back everything that was recorded for the endpoint, day by day, both what callers got and the shadows. */
export async function readRecorded(
  api: ApiClient,
  project: string,
  endpoint: string,
  from: number,
  to: number,
): Promise<PredictionRow[]> {
  const rows: PredictionRow[] = []
  const limit = 1000
  for (let start = from; start < to; start += day)
    for (let offset = 0; ; offset += limit) {
      const { items } = await api.get<z.output<typeof predictionRows>>(
        `/api/v1/projects/${project}/endpoints/${endpoint}/predictions`,
        { from: start, to: start + day, limit, offset },
      )
      rows.push(...items)
      if (items.length < limit) break
    }
  return rows
}

/** Pairs the answers with those of the first revision, in order of time; only rows whose truth has come. */
export function pairWithFirst(rows: readonly PredictionRow[]): Pair[] {
  const first = new Map(rows.filter((row) => row.revision === 1).map((row) => [row.id, row]))
  return rows
    .filter((row) => !row.shadow && row.actual !== null && row.score !== null)
    .flatMap((row) => {
      const never = first.get(row.id)?.score
      return never === undefined || never === null
        ? []
        : [{ id: row.id, time: row.time, revision: row.revision, answered: row.score!, never, late: row.actual === 1 }]
    })
    .sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1))
}
