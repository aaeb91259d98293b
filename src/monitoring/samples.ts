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

/** The sample of a part of time: all rows below `bound` are there. */
export interface SamplePart {
  start: number
  bound: number
  rows: SampledRow[]
}

/**
 * The samples of the parts that ascending `starts` cut (the last is the end of the last part), at most `most` rows of each. Parts
 * merge: of any of them together the rows below their smallest bound are a uniform sample.
 */
export async function loadSampleParts(
  events: EventsStore,
  { project, scope, revision, starts, most }: Omit<SampleFilter, 'from' | 'to'> & { starts: readonly number[] },
): Promise<SamplePart[]> {
  if (starts.length < 2) return []
  const seconds = starts.map((start) => start / 1000)
  const params = { project, scope, revision, most, starts: seconds, from: seconds[0], to: seconds.at(-1) }
  const part = `arrayElement({starts:Array(UInt32)}, arrayLastIndex(start -> start <= toUnixTimestamp(bucket), {starts:Array(UInt32)}))`
  const where = `project = {project:String} AND scope = {scope:String} AND revision = {revision:UInt32}
    AND bucket >= toDateTime({from:UInt32}, 'UTC') AND bucket < toDateTime({to:UInt32}, 'UTC')`
  const [bounds, rows] = await Promise.all([
    events.query<{ part: number; bound: number }>(
      `SELECT ${part} AS part, min(if(length(rows) < ${SAMPLED}, 1, rows[-1].1)) AS bound FROM samples FINAL WHERE ${where} GROUP BY part`,
      params,
    ),
    events.query<SampledRow & { part: number }>(
      `SELECT ${part} AS part, r.1 AS chance, toUnixTimestamp(bucket) * 1000 AS hour, r.3 AS numbers, r.4 AS texts, r.5 AS score,
         r.6 AS label, r.7 AS truth, r.8 AS outcome
       FROM samples FINAL ARRAY JOIN rows AS r WHERE ${where} ORDER BY part, chance LIMIT {most:UInt32} BY part`,
      params,
    ),
  ])
  const parts = new Map(
    bounds.map(({ part: at, bound }): [number, SamplePart] => [at, { start: at * 1000, bound, rows: [] }]),
  )
  for (const { part: at, ...row } of rows) parts.get(at)?.rows.push(row)
  for (const found of parts.values())
    if (found.rows.length >= most) found.bound = Math.min(found.bound, found.rows.at(-1)!.chance)
  return [...parts.values()].sort((a, b) => a.start - b.start)
}

/** A uniform sample of parts together, in order of chance. */
export function mergeSampleParts(parts: readonly SamplePart[], most: number): SampledRow[] {
  const bound = parts.reduce((least, part) => Math.min(least, part.bound), 1)
  return parts
    .flatMap((part) => part.rows.filter((row) => row.chance <= bound))
    .sort((a, b) => a.chance - b.chance)
    .slice(0, most)
}
