import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { identity } from '../dialect-columns.ts'

export const migration: Migration = {
  async up(db: Kysely<unknown>) {
    await identity(db, db.schema.createTable('censius_datasets'))
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('version', 'text', (c) => c.notNull())
      .addColumn('digest', 'text', (c) => c.notNull())
      .addColumn('description', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .execute()
    await identity(db, db.schema.createTable('censius_models'))
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('model', 'text', (c) => c.notNull())
      .addColumn('version', 'text', (c) => c.notNull())
      .addColumn('description', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addUniqueConstraint('censius_models_version', ['project', 'model', 'version'])
      .execute()
  },
}
