import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { identity } from '../dialect-columns.ts'

export const migration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('monitored_endpoints').addColumn('raw_from', 'bigint').execute()
    await db.schema
      .createTable('back_fills')
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('endpoint', 'text', (c) => c.notNull())
      .addColumn('from_time', 'bigint', (c) => c.notNull())
      .addColumn('to_time', 'bigint', (c) => c.notNull())
      .addColumn('windows', 'integer', (c) => c.notNull())
      .addColumn('asked_at', 'bigint', (c) => c.notNull())
      .addColumn('asked_by', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('back_fills_key', ['project', 'endpoint'])
      .execute()
    await identity(db, db.schema.createTable('erasures'))
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('endpoint', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('condition', 'text', (c) => c.notNull())
      .addColumn('hours', 'text', (c) => c.notNull())
      .addColumn('erased_at', 'bigint', (c) => c.notNull())
      .addColumn('erased_by', 'text', (c) => c.notNull())
      .addColumn('reason', 'text', (c) => c.notNull())
      .addColumn('predictions', 'bigint', (c) => c.notNull())
      .addColumn('actuals', 'bigint', (c) => c.notNull())
      .addColumn('corrected', 'integer', (c) => c.notNull())
      .addColumn('uncertain_before', 'bigint')
      .execute()
    await db.schema.createIndex('erasures_endpoint').on('erasures').columns(['project', 'endpoint', 'id']).execute()
  },
}
