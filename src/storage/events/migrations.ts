import { KedgeError } from '../../errors.ts'
import type { EventsMigration } from './events-migration.ts'
import type { EventsStore } from './events-store.ts'
import { tables } from './migrations/0001-tables.ts'
import { days } from './migrations/0002-days.ts'
import { samples } from './migrations/0003-samples.ts'
import { explanations } from './migrations/0004-explanations.ts'
import { loggedExplanations } from './migrations/0005-logged-explanations.ts'
import { vectors } from './migrations/0006-vectors.ts'

const MIGRATIONS: readonly EventsMigration[] = [tables, days, samples, explanations, loggedExplanations, vectors]

const RECORD = `CREATE TABLE IF NOT EXISTS kedge_migrations (number UInt32, name String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
  ENGINE = ReplacingMergeTree(applied_at) ORDER BY number`

/** Brings the engine's tables to this version. Refuses data of a newer one: `data_directory_newer`. */
export async function migrate(
  store: Pick<EventsStore, 'query' | 'command' | 'insert'>,
  place: string,
  migrations = MIGRATIONS,
) {
  await store.command(RECORD, undefined, { repeatable: true })
  const [row] = await store.query<{ found: number }>('SELECT max(number) AS found FROM kedge_migrations')
  const found = row?.found ?? 0
  const known = migrations.at(-1)?.number ?? 0
  if (found > known) throw new KedgeError('data_directory_newer', { path: place, found, known })
  for (const { number, name, statements } of migrations) {
    if (number <= found) continue
    for (const statement of statements) await store.command(statement, undefined, { repeatable: true })
    await store.insert('kedge_migrations', [{ number, name }])
  }
}
