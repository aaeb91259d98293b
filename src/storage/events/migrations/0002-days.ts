import type { EventsMigration } from '../events-migration.ts'

const SETTINGS = 'non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1'

// as roll-ups were made when this migration was released: later columns are not there yet
const dayOf = "toDateTime(toStartOfDay(bucket), 'UTC')"

const profiles = `
INSERT INTO profile_days (project, scope, revision, segment, feature, bucket, computed_at, count, missing, sum, sum_squares,
  minimum, maximum, sketch_keys, sketch_counts, categories)
SELECT project, scope, revision, segment, feature, day, max(version), sum(n), sum(without), sum(total), sum(squares),
  min(low), max(high), tupleElement(sumMap(keys, counts) AS sketch, 1), tupleElement(sketch, 2), sumMap(texts)
FROM (
  SELECT project, scope, revision, segment, feature, ${dayOf} AS day, computed_at AS version, count AS n, missing AS without,
    sum AS total, sum_squares AS squares, minimum AS low, maximum AS high, sketch_keys AS keys, sketch_counts AS counts,
    categories AS texts
  FROM profiles FINAL
)
GROUP BY project, scope, revision, segment, feature, day`

const performance = `
INSERT INTO performance_days (project, scope, revision, segment, bucket, computed_at, count, sums, positive_keys,
  positive_counts, negative_keys, negative_counts)
SELECT project, scope, revision, segment, day, max(version), sum(n), sumMap(parts),
  tupleElement(sumMap(pk, pc) AS positive, 1), tupleElement(positive, 2),
  tupleElement(sumMap(nk, nc) AS negative, 1), tupleElement(negative, 2)
FROM (
  SELECT project, scope, revision, segment, ${dayOf} AS day, computed_at AS version, count AS n, sums AS parts,
    positive_keys AS pk, positive_counts AS pc, negative_keys AS nk, negative_counts AS nc
  FROM performance FINAL
)
GROUP BY project, scope, revision, segment, day`

/** The hours of whole days merged, so that a long window reads a row a day and feature instead of 24. */
export const days: EventsMigration = {
  number: 2,
  name: 'days',
  statements: [
    `CREATE TABLE IF NOT EXISTS profile_days (
      project LowCardinality(String), scope LowCardinality(String), revision UInt32, segment String,
      feature LowCardinality(String), bucket DateTime('UTC'), computed_at UInt64,
      count UInt64, missing UInt64, sum Float64, sum_squares Float64, minimum Float64, maximum Float64,
      sketch_keys Array(Int32), sketch_counts Array(UInt64), categories Map(String, UInt64)
    ) ENGINE = ReplacingMergeTree(computed_at)
    ORDER BY (project, scope, revision, segment, feature, bucket) SETTINGS ${SETTINGS}, index_granularity = 64`,
    `CREATE TABLE IF NOT EXISTS performance_days (
      project LowCardinality(String), scope LowCardinality(String), revision UInt32, segment String,
      bucket DateTime('UTC'), computed_at UInt64, count UInt64, sums Map(LowCardinality(String), Float64),
      positive_keys Array(UInt16), positive_counts Array(UInt64), negative_keys Array(UInt16), negative_counts Array(UInt64)
    ) ENGINE = ReplacingMergeTree(computed_at)
    ORDER BY (project, scope, revision, segment, bucket) SETTINGS ${SETTINGS}, index_granularity = 256`,
    // of what an older version has left
    profiles,
    performance,
  ],
}
