import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const migration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('conversions')
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('model', 'text', (c) => c.notNull())
      .addColumn('version', 'integer', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('digest', 'text')
      .addColumn('bytes', 'bigint')
      .addColumn('rows', 'bigint', (c) => c.notNull())
      .addColumn('source', 'text')
      .addColumn('tolerance', 'double precision', (c) => c.notNull())
      .addColumn('largest_difference', 'double precision')
      .addColumn('precision', 'text')
      .addColumn('why', 'text')
      .addColumn('tools', 'text')
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('conversions_key', ['project', 'model', 'version'])
      .execute()
  },
}
