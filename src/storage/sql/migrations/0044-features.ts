import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { identity } from '../dialect-columns.ts'

export const migration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('feature_declarations')
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('spec', 'text', (c) => c.notNull())
      .addColumn('spec_digest', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('updated_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('feature_declarations_key', ['project', 'kind', 'name'])
      .execute()
    await identity(db, db.schema.createTable('feature_bases'))
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('view', 'text', (c) => c.notNull())
      .addColumn('generation', 'text', (c) => c.notNull())
      .addColumn('digest', 'text', (c) => c.notNull())
      .addColumn('plan', 'text', (c) => c.notNull())
      .addColumn('version', 'integer')
      .addColumn('position', 'bigint')
      .addColumn('entities', 'bigint', (c) => c.notNull())
      .addColumn('rows', 'bigint', (c) => c.notNull())
      .addColumn('newest', 'bigint')
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .execute()
    await db.schema.createIndex('feature_bases_view').on('feature_bases').columns(['project', 'view']).execute()
    await db.schema
      .createTable('feature_skews')
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('view', 'text', (c) => c.notNull())
      .addColumn('feature', 'text', (c) => c.notNull())
      .addColumn('endpoint', 'text', (c) => c.notNull())
      .addColumn('samples', 'bigint', (c) => c.notNull())
      .addColumn('different', 'bigint', (c) => c.notNull())
      .addColumn('mean_difference', 'double precision')
      .addColumn('computed_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('feature_skews_key', ['project', 'view', 'feature', 'endpoint'])
      .execute()
  },
}
