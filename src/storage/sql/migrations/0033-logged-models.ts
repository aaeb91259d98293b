import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { identity } from '../dialect-columns.ts'

export const migration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('external_endpoints')
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('spec', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('updated_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('external_endpoints_key', ['project', 'name'])
      .execute()
    await db.schema
      .createTable('logged_versions')
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('endpoint', 'text', (c) => c.notNull())
      .addColumn('version', 'text', (c) => c.notNull())
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('logged_versions_key', ['project', 'endpoint', 'version'])
      .addUniqueConstraint('logged_versions_revision', ['project', 'endpoint', 'revision'])
      .execute()
    await db.schema
      .createTable('logged_references')
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('endpoint', 'text', (c) => c.notNull())
      .addColumn('version', 'text', (c) => c.notNull())
      .addColumn('digest', 'text', (c) => c.notNull())
      .addColumn('origin', 'text', (c) => c.notNull())
      .addColumn('rows', 'bigint', (c) => c.notNull())
      .addColumn('set_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('logged_references_key', ['project', 'endpoint', 'version'])
      .execute()
    await db.schema
      .createTable('logged_files')
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('endpoint', 'text', (c) => c.notNull())
      .addColumn('digest', 'text', (c) => c.notNull())
      .addColumn('part', 'integer', (c) => c.notNull())
      .addColumn('result', 'text', (c) => c.notNull())
      .addColumn('logged_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('logged_files_key', ['project', 'endpoint', 'digest', 'part'])
      .execute()
    await identity(db, db.schema.createTable('arriving_actuals'))
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('endpoint', 'text', (c) => c.notNull())
      .addColumn('node', 'text', (c) => c.notNull())
      .addColumn('received_from', 'bigint', (c) => c.notNull())
      .addColumn('started_at', 'bigint', (c) => c.notNull())
      .execute()
    await db.schema
      .createIndex('arriving_actuals_endpoint')
      .on('arriving_actuals')
      .columns(['project', 'endpoint'])
      .execute()
  },
}
