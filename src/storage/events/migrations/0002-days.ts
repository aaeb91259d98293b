import { dayPerformanceStatement, dayProfilesStatement } from '../day-roll-ups.ts'
import type { EventsMigration } from '../events-migration.ts'

const SETTINGS = 'non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1'

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
    dayProfilesStatement(),
    dayPerformanceStatement(),
  ],
}
