import { dirname } from 'node:path'
import BetterSqlite from 'better-sqlite3'
import { KedgeError } from '../../errors.ts'
import { createLocalFiles } from './local-files.ts'
import {
  loggedModelStatus,
  type MlflowSource,
  pairsOf,
  runStatus,
  type SourceLoggedModel,
  type SourceModel,
  type SourcePoint,
} from './mlflow-source.ts'

type Row = Record<string, string | number | null>
type Pair = { key: string; value: string }

const pageSize = 10_000
const text = (value: unknown) => (value === null || value === undefined ? null : String(value))
const whole = (value: unknown) => (value === null || value === undefined ? null : Number(value))

/** A SQLite database of an MLflow server, opened for reading; tables that its version has not got are taken for empty. */
export function openMlflowDatabase(file: string, artifactFolders: readonly string[] = []): MlflowSource {
  let database: BetterSqlite.Database
  try {
    database = new BetterSqlite(file, { readonly: true, fileMustExist: true })
    database.prepare('select 1 from experiments').get()
  } catch (cause) {
    throw new KedgeError(
      'invalid_input',
      { what: `${file} is not a database of MLflow: ${(cause as Error).message}` },
      { cause, todo: 'Name the SQLite file that the MLflow server has as its --backend-store-uri.' },
    )
  }
  const localFiles = createLocalFiles([dirname(file), ...artifactFolders])
  const columns = new Map<string, Set<string>>()
  const has = (table: string, column?: string) => {
    let own = columns.get(table)
    if (!own) {
      own = new Set((database.pragma(`table_info(${table})`) as { name: string }[]).map(({ name }) => name))
      columns.set(table, own)
    }
    return column === undefined ? own.size > 0 : own.has(column)
  }
  const all = (table: string, query: string, ...values: (string | number)[]): Row[] =>
    has(table) ? (database.prepare(query).all(...values) as Row[]) : []
  const pairs = (table: string, query: string, ...values: (string | number)[]) =>
    pairsOf(all(table, query, ...values) as unknown as Pair[])
  const ofWorkspace = (table: string) => (has(table, 'workspace') ? "workspace = 'default'" : '1 = 1')

  return {
    title: `the database ${file}`,

    async *experiments() {
      for (const row of all(
        'experiments',
        `select *, cast(experiment_id as text) as id from experiments where ${ofWorkspace('experiments')} order by experiment_id`,
      ))
        yield {
          id: String(row.id),
          name: String(row.name),
          state: row.lifecycle_stage === 'deleted' ? 'deleted' : 'active',
          createdAt: whole(row.creation_time) ?? 0,
          updatedAt: whole(row.last_update_time) ?? 0,
          tags: pairs(
            'experiment_tags',
            'select key, value from experiment_tags where experiment_id = cast(? as integer)',
            String(row.id),
          ),
        }
    },

    async *runs(experimentId) {
      for (const row of all(
        'runs',
        'select * from runs where experiment_id = cast(? as integer) order by start_time, run_uuid',
        experimentId,
      )) {
        const id = String(row.run_uuid)
        const inputs = all(
          'inputs',
          "select * from inputs where destination_type = 'RUN' and destination_id = ? order by input_uuid",
          id,
        )
        const uses = all('inputs', "select * from inputs where source_id = ? and source_type like 'RUN%'", id)
        const tags = pairs('tags', 'select key, value from tags where run_uuid = ?', id)
        yield {
          id,
          experimentId,
          name: String(row.name || tags['mlflow.runName'] || id),
          user: String(row.user_id ?? ''),
          status: runStatus(row.status),
          startTime: whole(row.start_time),
          endTime: whole(row.end_time),
          state: row.lifecycle_stage === 'deleted' ? 'deleted' : 'active',
          deletedAt: whole(row.deleted_time),
          params: pairs('params', 'select key, value from params where run_uuid = ?', id),
          tags,
          datasets: inputs
            .filter((input) => input.source_type === 'DATASET')
            .flatMap((input) =>
              all('datasets', 'select * from datasets where dataset_uuid = ?', String(input.source_id)).map(
                (dataset) => ({
                  name: String(dataset.name),
                  digest: String(dataset.digest),
                  sourceType: String(dataset.dataset_source_type),
                  source: String(dataset.dataset_source),
                  schema: text(dataset.dataset_schema),
                  profile: text(dataset.dataset_profile),
                  tags: all(
                    'input_tags',
                    'select name as key, value from input_tags where input_uuid = ?',
                    String(input.input_uuid),
                  ) as unknown as Pair[],
                }),
              ),
            ),
          inputModels: [
            ...uses.filter((use) => use.destination_type === 'MODEL_INPUT').map((use) => String(use.destination_id)),
            ...inputs.filter((input) => input.source_type === 'MODEL').map((input) => String(input.source_id)),
          ],
          outputModels: uses
            .filter((use) => use.destination_type === 'MODEL_OUTPUT')
            .map((use) => ({ id: String(use.destination_id), step: Number(use.step ?? 0) })),
          artifacts: String(row.artifact_uri ?? ''),
        }
      }
    },

    async *points(run) {
      let page: SourcePoint[] = []
      const rows = database
        .prepare('select key, value, timestamp, step, is_nan from metrics where run_uuid = ?')
        .iterate(run.id) as IterableIterator<Row>
      for (const row of rows) {
        page.push({
          key: String(row.key),
          value: Number(row.is_nan) === 1 ? Number.NaN : Number(row.value),
          time: Number(row.timestamp),
          step: Number(row.step),
        })
        if (page.length < pageSize) continue
        yield page
        page = []
      }
      if (page.length > 0) yield page
    },

    async *loggedModels(experimentId) {
      for (const row of all(
        'logged_models',
        'select * from logged_models where experiment_id = cast(? as integer) order by model_id',
        experimentId,
      )) {
        const id = String(row.model_id)
        yield {
          id,
          experimentId,
          name: String(row.name),
          type: String(row.model_type ?? ''),
          status: loggedModelStatus(row.status),
          sourceRun: text(row.source_run_id),
          createdAt: Number(row.creation_timestamp_ms),
          updatedAt: Number(row.last_updated_timestamp_ms),
          state: row.lifecycle_stage === 'deleted' ? 'deleted' : 'active',
          params: pairs(
            'logged_model_params',
            'select param_key as key, param_value as value from logged_model_params where model_id = ?',
            id,
          ),
          tags: pairs(
            'logged_model_tags',
            'select tag_key as key, tag_value as value from logged_model_tags where model_id = ?',
            id,
          ),
          artifacts: String(row.artifact_location),
          metrics: all('logged_model_metrics', 'select * from logged_model_metrics where model_id = ?', id).map(
            (metric) => ({
              key: String(metric.metric_name),
              value: metric.metric_value === null ? Number.NaN : Number(metric.metric_value),
              time: Number(metric.metric_timestamp_ms),
              step: Number(metric.metric_step),
              run: String(metric.run_id),
              datasetName: String(metric.dataset_name ?? ''),
              datasetDigest: String(metric.dataset_digest ?? ''),
            }),
          ),
        } satisfies SourceLoggedModel
      }
    },

    async *models() {
      for (const row of all(
        'registered_models',
        `select * from registered_models where ${ofWorkspace('registered_models')} order by name`,
      )) {
        const name = String(row.name)
        const versions = all('model_versions', 'select * from model_versions where name = ? order by version', name)
          .filter((version) => version.current_stage !== 'Deleted_Internal')
          .map((version) => ({
            version: Number(version.version),
            stage: String(version.current_stage ?? 'None'),
            status: String(version.status ?? 'READY'),
            statusMessage: text(version.status_message),
            description: text(version.description),
            user: text(version.user_id),
            source: String(version.source ?? ''),
            runId: text(version.run_id),
            runLink: text(version.run_link),
            modelId: /^models:\/+(m-[0-9a-f]+)/.exec(String(version.source))?.[1] ?? null,
            createdAt: whole(version.creation_time) ?? 0,
            updatedAt: whole(version.last_updated_time) ?? 0,
            tags: pairs(
              'model_version_tags',
              'select key, value from model_version_tags where name = ? and version = ?',
              name,
              Number(version.version),
            ),
          }))
        const aliases = all('registered_model_aliases', 'select * from registered_model_aliases where name = ?', name)
        yield {
          name,
          description: text(row.description),
          createdAt: whole(row.creation_time) ?? 0,
          updatedAt: whole(row.last_updated_time) ?? 0,
          tags: pairs('registered_model_tags', 'select key, value from registered_model_tags where name = ?', name),
          aliases: Object.fromEntries(aliases.map((alias) => [String(alias.alias), Number(alias.version)])),
          versions,
        } satisfies SourceModel
      }
    },

    files: (artifacts) => localFiles(artifacts),
    close: () => void database.close(),
  }
}
