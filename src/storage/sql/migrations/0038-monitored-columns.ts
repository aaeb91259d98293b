import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const migration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('monitored_columns')
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('scope', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('facts', 'text')
      .addColumn('learnt_before', 'bigint', (c) => c.notNull())
      .addColumn('found_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('monitored_columns_key', ['project', 'scope', 'name'])
      .execute()
  },
}
