import type { EventsMigration } from '../events-migration.ts'

const SETTINGS = 'non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1'

const centred =
  'ADD COLUMN IF NOT EXISTS centred Float64 DEFAULT greatest(0, sum_squares - sum * sum / greatest(count, 1))'
const confusion = 'ADD COLUMN IF NOT EXISTS confusion Map(String, UInt64)'

/**
 * What profiles of single columns cannot tell: a sample of each hour's rows. It holds those with the smallest `chance`, a number
 * in [0, 1) that a row always has, so that samples merge to samples. Beside it which class was taken for which, and the
 * second moment around the mean.
 */
export const samples: EventsMigration = {
  number: 3,
  name: 'samples',
  statements: [
    `ALTER TABLE profiles ${centred}`,
    `ALTER TABLE profile_days ${centred}`,
    `ALTER TABLE performance ${confusion}`,
    `ALTER TABLE performance_days ${confusion}`,
    `CREATE TABLE IF NOT EXISTS samples (
      project LowCardinality(String), scope LowCardinality(String), revision UInt32, bucket DateTime('UTC'),
      computed_at UInt64,
      rows Array(Tuple(chance Float64, id String, numbers Map(String, Float64), texts Map(String, String),
        score Nullable(Float64), label String, truth Nullable(Float64), outcome String))
    ) ENGINE = ReplacingMergeTree(computed_at)
    ORDER BY (project, scope, revision, bucket) SETTINGS ${SETTINGS}, index_granularity = 64`,
  ],
}
