import { type CreateTableBuilder, type Kysely, PostgresAdapter, sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { bytewiseText, identity } from '../dialect-columns.ts'

export const migration: Migration = {
  async up(db: Kysely<unknown>) {
    const postgres = db.getExecutor().adapter instanceof PostgresAdapter
    /** SQLite keeps the rows in the primary key itself: no second copy of the key. */
    const clustered = <T extends CreateTableBuilder<string, string>>(table: T) =>
      postgres ? table : table.modifyEnd(sql`without rowid`)
    const keyValues = (name: string, owner: string, type: 'bigint' | 'text') =>
      clustered(
        db.schema
          .createTable(name)
          .addColumn(owner, type, (c) => c.notNull())
          .addColumn('key', 'text', (c) => c.notNull())
          .addColumn('value', 'text', (c) => c.notNull())
          .addPrimaryKeyConstraint(`${name}_pk`, [owner, 'key'] as never),
      ).execute()
    const numbered = (name: string) =>
      postgres
        ? db.schema
            .createTable(name)
            .addColumn('number', 'bigint', (c) => c.primaryKey().generatedByDefaultAsIdentity())
        : db.schema.createTable(name).addColumn('number', 'integer', (c) => c.primaryKey().autoIncrement())

    await numbered('experiments')
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('id', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('artifact_location', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('updated_at', 'bigint', (c) => c.notNull())
      .addUniqueConstraint('experiments_id', ['project', 'id'])
      .addUniqueConstraint('experiments_name', ['project', 'name'])
      .execute()
    await keyValues('experiment_tags', 'experiment', 'bigint')

    await numbered('runs')
      .addColumn('id', 'text', (c) => c.notNull().unique())
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('experiment', 'bigint', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('start_time', 'bigint')
      .addColumn('end_time', 'bigint')
      .addColumn('artifact_uri', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('deleted_at', 'bigint')
      .addColumn('pipeline_run', 'bigint')
      .addColumn('step', 'text')
      .execute()
    await db.schema
      .createIndex('runs_experiment')
      .on('runs')
      .columns(['experiment', 'state', 'start_time', 'id'])
      .execute()
    await db.schema.createIndex('runs_pipeline').on('runs').columns(['pipeline_run']).execute()
    await keyValues('run_params', 'run', 'bigint')
    await keyValues('run_tags', 'run', 'bigint')

    await identity(db, db.schema.createTable('metric_series'))
      .addColumn('run', 'bigint', (c) => c.notNull())
      .addColumn('key', 'text', (c) => c.notNull())
      .addColumn('step', 'bigint', (c) => c.notNull())
      .addColumn('time', 'bigint', (c) => c.notNull())
      .addColumn('value', 'double precision', (c) => c.notNull())
      .addColumn('prev_step', 'bigint')
      .addColumn('prev_time', 'bigint')
      .addColumn('prev_value', 'double precision')
      .addColumn('recent', 'bigint', (c) => c.notNull().defaultTo(0))
      .addColumn('pack_at', 'bigint', (c) => c.notNull().defaultTo(64))
      .addUniqueConstraint('metric_series_key', ['run', 'key'])
      .execute()
    await clustered(
      db.schema
        .createTable('metric_points')
        .addColumn('series', 'bigint', (c) => c.notNull())
        .addColumn('step', 'bigint', (c) => c.notNull())
        .addColumn('time', 'bigint', (c) => c.notNull())
        .addColumn('value', 'double precision', (c) => c.notNull())
        .addPrimaryKeyConstraint('metric_points_pk', ['series', 'step', 'time', 'value']),
    ).execute()

    await numbered('metric_chunks')
      .addColumn('series', 'bigint', (c) => c.notNull())
      .addColumn('first_step', 'bigint', (c) => c.notNull())
      .addColumn('last_step', 'bigint', (c) => c.notNull())
      .addColumn('points', 'bigint', (c) => c.notNull())
      .addColumn('data', postgres ? 'bytea' : 'blob', (c) => c.notNull())
      .execute()
    await db.schema.createIndex('metric_chunks_series').on('metric_chunks').columns(['series', 'last_step']).execute()

    await numbered('input_datasets')
      .addColumn('experiment', 'bigint', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('digest', 'text', (c) => c.notNull())
      .addColumn('source_type', 'text', (c) => c.notNull())
      .addColumn('source', 'text', (c) => c.notNull())
      .addColumn('schema', 'text')
      .addColumn('profile', 'text')
      .addUniqueConstraint('input_datasets_digest', ['experiment', 'name', 'digest'])
      .execute()
    await db.schema
      .createTable('run_inputs')
      .addColumn('run', 'bigint', (c) => c.notNull())
      .addColumn('dataset', 'bigint', (c) => c.notNull())
      .addColumn('tags', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('run_inputs_pk', ['run', 'dataset'])
      .execute()
    await db.schema
      .createTable('run_models')
      .addColumn('run', 'bigint', (c) => c.notNull())
      .addColumn('model', 'text', (c) => c.notNull())
      .addColumn('direction', 'text', (c) => c.notNull())
      .addColumn('step', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('run_models_pk', ['run', 'model', 'direction', 'step'])
      .execute()

    await db.schema
      .createTable('logged_models')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('project', 'text', (c) => c.notNull())
      .addColumn('experiment', 'bigint', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('type', 'text', (c) => c.notNull())
      .addColumn('source_run', 'text')
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('artifact_uri', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('created_at', 'bigint', (c) => c.notNull())
      .addColumn('updated_at', 'bigint', (c) => c.notNull())
      .execute()
    await db.schema
      .createIndex('logged_models_experiment')
      .on('logged_models')
      .columns(['experiment', 'created_at'])
      .execute()
    await db.schema.createIndex('logged_models_run').on('logged_models').columns(['source_run']).execute()
    await keyValues('logged_model_params', 'model', 'text')
    await keyValues('logged_model_tags', 'model', 'text')
    await clustered(
      db.schema
        .createTable('logged_model_metrics')
        .addColumn('model', 'text', (c) => c.notNull())
        .addColumn('run', 'bigint', (c) => c.notNull())
        .addColumn('key', 'text', (c) => c.notNull())
        .addColumn('step', 'bigint', (c) => c.notNull())
        .addColumn('time', 'bigint', (c) => c.notNull())
        .addColumn('value', 'double precision', (c) => c.notNull())
        .addColumn('dataset_name', 'text', (c) => c.notNull())
        .addColumn('dataset_digest', 'text', (c) => c.notNull())
        .addPrimaryKeyConstraint('logged_model_metrics_pk', ['model', 'run', 'key', 'step', 'time', 'value']),
    ).execute()

    await clustered(
      db.schema
        .createTable('artifact_files')
        .addColumn('project', 'text', (c) => c.notNull())
        // by bytes, so that what lies below a directory is one range
        .addColumn('path', bytewiseText(db), (c) => c.notNull())
        .addColumn('digest', 'text', (c) => c.notNull())
        .addColumn('bytes', 'bigint', (c) => c.notNull())
        .addColumn('modified_at', 'bigint', (c) => c.notNull())
        .addPrimaryKeyConstraint('artifact_files_pk', ['project', 'path']),
    ).execute()
    await db.schema.createIndex('artifact_files_digest').on('artifact_files').columns(['digest']).execute()
  },
}
