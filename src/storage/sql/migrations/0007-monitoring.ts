import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { identity } from '../dialect-columns.ts'

export const migration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('monitored_endpoints')
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('counter', 'bigint', (c) => c.notNull())
      .addColumn('first_prediction', 'bigint')
      .addColumn('last_prediction', 'bigint')
      .addColumn('last_actual', 'bigint')
      .addColumn('settings', 'text')
      .addPrimaryKeyConstraint('monitored_endpoints_key', ['project', 'name'])
      .execute()
    await db.schema
      .createTable('stale_buckets')
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('endpoint', 'text', (c) => c.notNull())
      .addColumn('bucket', 'bigint', (c) => c.notNull())
      .addColumn('mark', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('stale_buckets_key', ['project', 'endpoint', 'bucket'])
      .execute()
    await db.schema
      .createTable('stale_windows')
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('endpoint', 'text', (c) => c.notNull())
      .addColumn('window_end', 'bigint', (c) => c.notNull())
      .addColumn('mark', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('stale_windows_key', ['project', 'endpoint', 'window_end'])
      .execute()
    await identity(db, db.schema.createTable('alerts'))
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('endpoint', 'text', (c) => c.notNull())
      .addColumn('family', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('opened_at', 'bigint', (c) => c.notNull())
      .addColumn('closed_at', 'bigint')
      .addColumn('first_window_end', 'bigint', (c) => c.notNull())
      .addColumn('last_window_end', 'bigint', (c) => c.notNull())
      .addColumn('violations', 'text', (c) => c.notNull())
      .addColumn('causes', 'text', (c) => c.notNull())
      .addColumn('healthy', 'text', (c) => c.notNull())
      .addColumn('closed_by', 'text')
      .addColumn('reason', 'text')
      .execute()
    await db.schema
      .createIndex('alerts_one_open')
      .on('alerts')
      .columns(['project', 'endpoint', 'family'])
      .unique()
      .where(sql.ref('state'), '=', sql.lit('open'))
      .execute()
  },
}
