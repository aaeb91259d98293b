import { type CreateTableBuilder, type Kysely, PostgresAdapter, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

export const migration: Migration = {
  async up(db: Kysely<unknown>) {
    const postgres = db.getExecutor().adapter instanceof PostgresAdapter
    const clustered = <T extends CreateTableBuilder<string, string>>(table: T) =>
      postgres ? table : table.modifyEnd(sql`without rowid`)
    const numbered = postgres
      ? db.schema
          .createTable('traces')
          .addColumn('number', 'bigint', (c) => c.primaryKey().generatedByDefaultAsIdentity())
      : db.schema.createTable('traces').addColumn('number', 'integer', (c) => c.primaryKey().autoIncrement())

    await numbered
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('id', 'text', (c) => c.notNull())
      .addColumn('experiment', 'bigint', (c) => c.notNull())
      .addColumn('time', 'bigint', (c) => c.notNull())
      .addColumn('duration', 'bigint')
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('client_request_id', 'text')
      .addColumn('request_preview', 'text')
      .addColumn('response_preview', 'text')
      .addColumn('source_run', 'text')
      .addColumn('session', 'text')
      .addColumn('finalized', 'integer', (c) => c.notNull())
      .addUniqueConstraint('traces_id', ['project', 'id'])
      .execute()
    await db.schema.createIndex('traces_experiment').on('traces').columns(['experiment', 'time', 'id']).execute()
    await db.schema.createIndex('traces_project').on('traces').columns(['project', 'time', 'id']).execute()
    await db.schema.createIndex('traces_session').on('traces').columns(['session']).execute()
    await db.schema.createIndex('traces_run').on('traces').columns(['source_run']).execute()

    for (const name of ['trace_tags', 'trace_metadata'])
      await clustered(
        db.schema
          .createTable(name)
          .addColumn('trace', 'bigint', (c) => c.notNull())
          .addColumn('key', 'text', (c) => c.notNull())
          .addColumn('value', 'text', (c) => c.notNull())
          .addPrimaryKeyConstraint(`${name}_pk`, ['trace', 'key']),
      ).execute()
    for (const [name, other] of [
      ['trace_runs', 'run'],
      ['trace_prompts', 'prompt'],
    ] as const)
      await clustered(
        db.schema
          .createTable(name)
          .addColumn('trace', 'bigint', (c) => c.notNull())
          .addColumn(other, 'text', (c) => c.notNull())
          .addPrimaryKeyConstraint(`${name}_pk`, [other, 'trace']),
      ).execute()

    await db.schema
      .createTable('spans')
      .addColumn('trace', 'bigint', (c) => c.notNull())
      .addColumn('id', 'text', (c) => c.notNull())
      .addColumn('parent', 'text')
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('type', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('started', 'bigint', (c) => c.notNull())
      .addColumn('ended', 'bigint')
      .addColumn('model', 'text')
      .addColumn('provider', 'text')
      .addColumn('input_cost', 'double precision')
      .addColumn('output_cost', 'double precision')
      .addColumn('total_cost', 'double precision')
      .addColumn('content', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('spans_pk', ['trace', 'id'])
      .execute()

    await db.schema
      .createTable('assessments')
      .addColumn('trace', 'bigint', (c) => c.notNull())
      .addColumn('id', 'text', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('value', 'text', (c) => c.notNull())
      .addColumn('number', 'double precision')
      .addColumn('error', 'text')
      .addColumn('source_type', 'text', (c) => c.notNull())
      .addColumn('source_id', 'text')
      .addColumn('span', 'text')
      .addColumn('rationale', 'text')
      .addColumn('metadata', 'text')
      .addColumn('overrides', 'text')
      .addColumn('valid', 'integer', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('updated_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('assessments_pk', ['trace', 'id'])
      .execute()
  },
}
