import { type CreateTableBuilder, type Kysely, PostgresAdapter } from 'kysely'

/** Adds the primary key `id`, given out in rising order by the database, in the dialect's own way. */
export function identity(db: Kysely<unknown>, table: CreateTableBuilder<string, never>): CreateTableBuilder<string, 'id'> {
  if (db.getExecutor().adapter instanceof PostgresAdapter)
    return table.addColumn('id', 'bigint', (c) => c.primaryKey().generatedByDefaultAsIdentity())
  return table.addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
}
