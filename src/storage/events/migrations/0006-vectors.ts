import type { EventsMigration } from '../events-migration.ts'

const vector = 'ADD COLUMN IF NOT EXISTS vector Array(Float64)'

/** Sums of vectors: of their squared lengths, then of each component; empty for any other feature. */
export const vectors: EventsMigration = {
  number: 6,
  name: 'vectors',
  statements: [`ALTER TABLE profiles ${vector}`, `ALTER TABLE profile_days ${vector}`],
}
