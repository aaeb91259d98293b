import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { identity } from '../dialect-columns.ts'

/** Quarantined rows that people have looked at and left aside for good. */
export const migration: Migration = {
  async up(db: Kysely<unknown>) {
    await identity(db, db.schema.createTable('dataset_discards'))
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('dataset', 'text', (c) => c.notNull())
      .addColumn('version', 'integer', (c) => c.notNull())
      .addColumn('original', 'text')
      .addColumn('step', 'integer')
      .addColumn('reason', 'text')
      .addColumn('rows', 'integer', (c) => c.notNull())
      .addColumn('why', 'text', (c) => c.notNull())
      .addColumn('actor', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .execute()
    await db.schema
      .createIndex('dataset_discards_dataset')
      .on('dataset_discards')
      .columns(['project', 'dataset'])
      .execute()
  },
}
