import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { identity } from '../dialect-columns.ts'

export const migration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('dataset_versions').addColumn('parts', 'text').execute()
    // what a tag or a pin names is kept by every retention
    await db.schema
      .alterTable('dataset_versions')
      .addColumn('pinned', 'integer', (c) => c.notNull().defaultTo(0))
      .execute()
    // when its rows were taken away by the retention; what is known about it stays
    await db.schema.alterTable('dataset_versions').addColumn('purged_at', 'bigint').execute()
    await db.schema
      .createTable('dataset_tags')
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('dataset', 'text', (c) => c.notNull())
      .addColumn('tag', 'text', (c) => c.notNull())
      .addColumn('version', 'integer', (c) => c.notNull())
      .addColumn('actor', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('dataset_tags_key', ['project', 'dataset', 'tag'])
      .execute()
    await identity(db, db.schema.createTable('dataset_corrections'))
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('dataset', 'text', (c) => c.notNull())
      .addColumn('version', 'integer', (c) => c.notNull())
      .addColumn('original', 'text', (c) => c.notNull())
      .addColumn('corrected', 'text', (c) => c.notNull())
      .addColumn('actor', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .execute()
    await db.schema
      .createIndex('dataset_corrections_dataset')
      .on('dataset_corrections')
      .columns(['project', 'dataset'])
      .execute()
  },
}
