import type { Kysely } from 'kysely'
import { type MigrationProvider, Migrator } from 'kysely/migration'
import { KedgeError } from '../../errors.ts'
import { migrations } from './migrations/index.ts'

/** Brings the database up to this version; refuses one that a newer Kedge has written. `place` is shown in the error. */
export async function migrate(db: Kysely<never>, place: string): Promise<void> {
  const provider: MigrationProvider = { getMigrations: async () => migrations }
  const migrator = new Migrator({ db: db as never, provider })
  const known = Object.keys(migrations)
  const done = (await executed(db)).filter((name) => !known.includes(name))
  if (done.length > 0)
    throw new KedgeError('data_directory_newer', { path: place, found: done.at(-1), known: known.at(-1) })
  const { error } = await migrator.migrateToLatest()
  // its migrations are known, but not in this order: it was written by a version between two releases
  if (/^corrupted migrations/.test(String((error as Error | undefined)?.message)))
    throw new KedgeError(
      'data_directory_unusable',
      { path: place, why: 'its tables were made in another order than this version makes them' },
      { cause: error },
    )
  if (error) throw error
}

async function executed(db: Kysely<never>): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some((table) => table.name === 'kysely_migration')) return []
  const rows = await (db as unknown as Kysely<{ kysely_migration: { name: string } }>)
    .selectFrom('kysely_migration')
    .select('name')
    .orderBy('name')
    .execute()
  return rows.map((row) => row.name)
}
