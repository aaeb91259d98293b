import type { EventsMigration } from '../events-migration.ts'

const SETTINGS = 'non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1'

/**
 * What explained rows were attributed, without their features: those stand in `predictions`, as long as they may be kept there.
 * `computed_at` is that of the day's explanation; only rows of the newest one count.
 */
export const explanations: EventsMigration = {
  number: 4,
  name: 'explanations',
  statements: [
    `CREATE TABLE IF NOT EXISTS attributions (
      project LowCardinality(String), scope LowCardinality(String), revision UInt32, bucket DateTime('UTC'), id String,
      computed_at UInt64, time DateTime64(3, 'UTC'), score Float64, base Float64, output Float64, residual Float64,
      attributions Array(Float64)
    ) ENGINE = ReplacingMergeTree(computed_at)
    ORDER BY (project, scope, revision, bucket, id) SETTINGS ${SETTINGS}, index_granularity = 1024`,
    `CREATE TABLE IF NOT EXISTS importance_days (
      project LowCardinality(String), scope LowCardinality(String), revision UInt32, segment String,
      bucket DateTime('UTC'), feature LowCardinality(String), computed_at UInt64, rows UInt64, samples UInt32,
      sum Float64, sum_abs Float64, sum_squares Float64
    ) ENGINE = ReplacingMergeTree(computed_at)
    ORDER BY (project, scope, revision, segment, bucket, feature) SETTINGS ${SETTINGS}, index_granularity = 1024`,
  ],
}
