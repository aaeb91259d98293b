import type { EventsMigration } from '../events-migration.ts'

const SETTINGS = 'non_replicated_deduplication_window = 10000, fsync_after_insert = 1, fsync_part_directory = 1'

/** Explanations that callers made themselves, by prediction; they may come before it. */
export const loggedExplanations: EventsMigration = {
  number: 5,
  name: 'logged explanations',
  statements: [
    `CREATE TABLE IF NOT EXISTS logged_explanations (
      project LowCardinality(String), endpoint LowCardinality(String), id String, kind LowCardinality(String),
      values Map(LowCardinality(String), Float64), received_at DateTime64(3, 'UTC')
    ) ENGINE = ReplacingMergeTree(received_at) ORDER BY (project, endpoint, id, kind) SETTINGS ${SETTINGS}`,
  ],
}
