import { type CreateTableBuilder, type Kysely, PostgresAdapter, sql } from 'kysely'

const isPostgres = (db: Kysely<unknown>) => db.getExecutor().adapter instanceof PostgresAdapter

/** Adds the primary key `id`, given out in rising order by the database, in the dialect's own way. */
export function identity(
  db: Kysely<unknown>,
  table: CreateTableBuilder<string, never>,
): CreateTableBuilder<string, 'id'> {
  if (isPostgres(db)) return table.addColumn('id', 'bigint', (c) => c.primaryKey().generatedByDefaultAsIdentity())
  return table.addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
}

/** The type of a text column that is compared byte by byte, whatever the database's language, so that prefixes are ranges. */
export const bytewiseText = (db: Kysely<unknown>) => (isPostgres(db) ? sql`text collate "C"` : 'text')
