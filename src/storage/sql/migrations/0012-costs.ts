import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'

export const migration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('pipeline_code')
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('pipeline', 'text', (c) => c.notNull())
      .addColumn('digest', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('diff', 'text')
      .addColumn('updated_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('pipeline_code_pk', ['project', 'pipeline'])
      .execute()
    await db.schema
      .createTable('metered_steps')
      .addColumn('run', 'bigint', (c) => c.notNull())
      .addColumn('step', 'text', (c) => c.notNull())
      .addColumn('attempt', 'integer', (c) => c.notNull())
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('tracking_run', 'text')
      .addColumn('facts', 'text', (c) => c.notNull())
      .addColumn('cost', 'double precision')
      .addPrimaryKeyConstraint('metered_steps_pk', ['run', 'step', 'attempt'])
      .execute()
    await db.schema.createIndex('metered_steps_tracking').on('metered_steps').columns(['tracking_run']).execute()
  },
}
