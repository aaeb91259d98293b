import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { identity } from '../dialect-columns.ts'

export const migration: Migration = {
  async up(db: Kysely<unknown>) {
    await identity(db, db.schema.createTable('capacities'))
      .addColumn('endpoint_id', 'bigint', (c) => c.notNull())
      .addColumn('measured_at', 'bigint', (c) => c.notNull())
      .addColumn('result', 'text', (c) => c.notNull())
      .execute()
    await db.schema.createIndex('capacities_endpoint').on('capacities').columns(['endpoint_id', 'id']).execute()
  },
}
