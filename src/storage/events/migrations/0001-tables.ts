import type { EventsMigration } from '../events-migration.ts'

/**
 * Every table replaces rows of the same key, so that every write may be repeated. The tokens of the last inserts are kept
 * as well, so that a repeated insert does not even cost the space of its rows until the next merge.
 */
const SETTINGS = 'non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1'

export const tables: EventsMigration = {
  number: 1,
  name: 'tables',
  statements: [
    `CREATE TABLE IF NOT EXISTS predictions (
      project LowCardinality(String), endpoint LowCardinality(String), revision UInt32, shadow Bool, id String,
      time DateTime64(3, 'UTC'), received_at DateTime64(3, 'UTC'), caller LowCardinality(String), latency_us UInt32,
      numbers Map(LowCardinality(String), Float64), texts Map(LowCardinality(String), String),
      score Nullable(Float64), label String,
      INDEX by_id id TYPE bloom_filter(0.01) GRANULARITY 4
    ) ENGINE = ReplacingMergeTree(received_at) PARTITION BY toYYYYMM(time)
    ORDER BY (project, endpoint, toStartOfHour(time), id, revision) SETTINGS ${SETTINGS}`,

    `CREATE TABLE IF NOT EXISTS actuals (
      project LowCardinality(String), endpoint LowCardinality(String), id String,
      value Nullable(Float64), label String, received_at DateTime64(3, 'UTC')
    ) ENGINE = ReplacingMergeTree(received_at) ORDER BY (project, endpoint, id) SETTINGS ${SETTINGS}`,

    // a row holds a sketch of kilobytes, so fewer of them are read at once
    `CREATE TABLE IF NOT EXISTS profiles (
      project LowCardinality(String), scope LowCardinality(String), revision UInt32, segment String,
      feature LowCardinality(String), bucket DateTime('UTC'), computed_at UInt64,
      count UInt64, missing UInt64, sum Float64, sum_squares Float64, minimum Float64, maximum Float64,
      sketch_keys Array(Int32), sketch_counts Array(UInt64), categories Map(String, UInt64)
    ) ENGINE = ReplacingMergeTree(computed_at)
    ORDER BY (project, scope, revision, segment, feature, bucket) SETTINGS ${SETTINGS}, index_granularity = 256`,

    `CREATE TABLE IF NOT EXISTS performance (
      project LowCardinality(String), scope LowCardinality(String), revision UInt32, segment String,
      bucket DateTime('UTC'), computed_at UInt64, count UInt64, sums Map(LowCardinality(String), Float64),
      positive_keys Array(UInt16), positive_counts Array(UInt64), negative_keys Array(UInt16), negative_counts Array(UInt64)
    ) ENGINE = ReplacingMergeTree(computed_at)
    ORDER BY (project, scope, revision, segment, bucket) SETTINGS ${SETTINGS}`,

    `CREATE TABLE IF NOT EXISTS scores (
      project LowCardinality(String), endpoint LowCardinality(String), monitor LowCardinality(String),
      feature LowCardinality(String), revision UInt32, segment String,
      window_start DateTime('UTC'), window_end DateTime('UTC'), computed_at UInt64,
      value Nullable(Float64), low Nullable(Float64), high Nullable(Float64), samples UInt64,
      threshold_low Nullable(Float64), threshold_high Nullable(Float64),
      state LowCardinality(String), definition String
    ) ENGINE = ReplacingMergeTree(computed_at)
    ORDER BY (project, endpoint, monitor, feature, revision, segment, window_start) SETTINGS ${SETTINGS}`,
  ],
}
