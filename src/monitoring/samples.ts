import type { SampledRow } from '../statistics/sampled-row.ts'
import type { EventsStore } from '../storage/events/events-store.ts'
import { SAMPLED } from './profile-sql.ts'

export interface SampleFilter {
  project: string
  scope: string
  revision: number
  /** milliseconds since 1970 on full hours; the end is exclusive */
  from: number
  to: number
  /** rows at most */
  most: number
}

/**
 * A uniform sample of the rows of a stretch, merged from those of its hours: each hour has kept its rows of the smallest chance, so
 * all rows below the smallest bound of a full hour are there. In order of chance. Empty once retention has taken the rows.
 */
export async function loadSample(events: EventsStore, filter: SampleFilter): Promise<SampledRow[]> {
  const where = `project = {project:String} AND scope = {scope:String} AND revision = {revision:UInt32}
    AND bucket >= toDateTime({from:UInt32}, 'UTC') AND bucket < toDateTime({to:UInt32}, 'UTC')`
  const params = { ...filter, from: Math.max(0, filter.from / 1000), to: Math.min(4_102_444_800, filter.to / 1000) }
  return events.query<SampledRow>(
    `WITH (SELECT min(if(length(rows) < ${SAMPLED}, 1, rows[-1].1)) FROM samples FINAL WHERE ${where}) AS bound
     SELECT r.1 AS chance, toUnixTimestamp(bucket) * 1000 AS hour, r.3 AS numbers, r.4 AS texts, r.5 AS score, r.6 AS label, r.7 AS truth, r.8 AS outcome
     FROM samples FINAL ARRAY JOIN rows AS r WHERE ${where} AND r.1 <= bound ORDER BY chance LIMIT {most:UInt32}`,
    params,
  )
}
