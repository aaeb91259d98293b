import { performanceRows, profileRows, SAMPLED } from './profile-sql.ts'
import { segmentSql } from './segment-condition.ts'

export interface SegmentRows {
  sql(table: 'profiles' | 'performance', columns: string, extra: string): string
  params: Record<string, unknown>
}

const within = `bucket >= toDateTime({from:UInt32}, 'UTC') AND bucket < toDateTime({to:UInt32}, 'UTC')`
const ours = `project = {project:String} AND scope = {scope:String} AND ({revision:Int64} < 0 OR revision = {revision:Int64})`

/**
 * Profiles and performance of the rows of one segment, made while they are asked for: profiles are kept of all rows, so they
 * come from the samples. Of each day a uniform sample, all of it where no hour had more rows than a sample keeps. Empty once
 * retention has taken the rows. `features`: of these alone, all when empty; `hours`: by the hour, which costs more than by the day.
 */
export function segmentRows(
  segment: string,
  { threshold, features = [], hours }: { threshold: number; features?: readonly string[]; hours: boolean },
): SegmentRows {
  const belongs = segmentSql(segment)
  const narrowed = (map: string) =>
    features.length === 0 ? map : `mapFilter((name, value) -> has({segment_features:Array(String)}, name), ${map})`
  // of a day only what is below the smallest bound of its full hours, as of every uniform sample
  const source = {
    sql: `SELECT revision, ${hours ? 'bucket' : "toStartOfDay(bucket, 'UTC') AS bucket"}, toUInt8(1) AS live, ${narrowed('numbers')} AS numbers, ${narrowed('texts')} AS texts, score, judged, label,
        CAST(NULL, 'Nullable(Float64)') AS latency, truth, outcome, id, chance
      FROM (SELECT * FROM (
        SELECT s.revision AS revision, s.bucket AS bucket, tupleElement(r, 3) AS numbers, tupleElement(r, 4) AS texts, tupleElement(r, 5) AS score,
          tupleElement(r, 5) AS judged, tupleElement(r, 6) AS label, tupleElement(r, 7) AS truth, tupleElement(r, 8) AS outcome,
          tupleElement(r, 2) AS id, tupleElement(r, 1) AS chance, b.bound AS bound
        FROM (SELECT revision, bucket, rows FROM samples FINAL WHERE ${ours} AND ${within}) AS s
        INNER JOIN (
          SELECT revision, intDiv(toUnixTimestamp(bucket), 86400) AS day, min(if(length(rows) < ${SAMPLED}, 1, tupleElement(rows[-1], 1))) AS bound
          FROM samples FINAL WHERE ${ours} AND ${within} GROUP BY revision, day
        ) AS b ON b.revision = s.revision AND b.day = intDiv(toUnixTimestamp(s.bucket), 86400)
        ARRAY JOIN s.rows AS r
      ) WHERE chance <= bound AND ${belongs.sql})`,
    params: {},
  }
  return {
    sql(table, columns, extra) {
      const computed = table === 'profiles' ? profileRows(source) : performanceRows(source)
      // the empty SELECT names the columns
      return `SELECT ${columns} FROM (SELECT *, CAST([], 'Array(Float64)') AS vector FROM (
        SELECT ${computed.columns} FROM ${table} WHERE 0 UNION ALL (${computed.sql}))) WHERE 1${extra}`
    },
    params: { ...belongs.params, segment_features: features, threshold, segments: [], version: 0 },
  }
}
