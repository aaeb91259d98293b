import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { identity } from '../dialect-columns.ts'

export const migration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('evaluation_datasets')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('digest', 'text', (c) => c.notNull())
      .addColumn('schema', 'text')
      .addColumn('records', 'bigint', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('updated_at', 'bigint', (c) => c.notNull())
      .addColumn('created_by', 'text')
      .addColumn('updated_by', 'text')
      .execute()
    await db.schema
      .createIndex('evaluation_datasets_project')
      .on('evaluation_datasets')
      .columns(['project', 'created_at'])
      .execute()
    await db.schema
      .createTable('evaluation_dataset_tags')
      .addColumn('dataset', 'text', (c) => c.notNull())
      .addColumn('key', 'text', (c) => c.notNull())
      .addColumn('value', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('evaluation_dataset_tags_pk', ['dataset', 'key'])
      .execute()
    await db.schema
      .createTable('evaluation_dataset_experiments')
      .addColumn('dataset', 'text', (c) => c.notNull())
      .addColumn('experiment', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('evaluation_dataset_experiments_pk', ['dataset', 'experiment'])
      .execute()
    await identity(db, db.schema.createTable('evaluation_records'))
      .addColumn('record', 'text', (c) => c.notNull().unique())
      .addColumn('dataset', 'text', (c) => c.notNull())
      .addColumn('input_digest', 'text', (c) => c.notNull())
      .addColumn('inputs', 'text', (c) => c.notNull())
      .addColumn('outputs', 'text')
      .addColumn('expectations', 'text')
      .addColumn('tags', 'text')
      .addColumn('source', 'text')
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('updated_at', 'bigint', (c) => c.notNull())
      .addColumn('created_by', 'text')
      .addColumn('updated_by', 'text')
      .addUniqueConstraint('evaluation_records_input', ['dataset', 'input_digest'])
      .execute()
    await db.schema
      .createIndex('evaluation_records_order')
      .on('evaluation_records')
      .columns(['dataset', 'id'])
      .execute()
    await db.schema
      .createTable('scorers')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('experiment', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('next_version', 'integer', (c) => c.notNull())
      .addUniqueConstraint('scorers_name', ['project', 'experiment', 'name'])
      .execute()
    await db.schema
      .createTable('scorer_versions')
      .addColumn('scorer', 'text', (c) => c.notNull())
      .addColumn('version', 'integer', (c) => c.notNull())
      .addColumn('serialized', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('scorer_versions_pk', ['scorer', 'version'])
      .execute()
  },
}
