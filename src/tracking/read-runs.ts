import { type Kysely, type Selectable, sql } from 'kysely'
import { fromJson } from '../storage/sql/json-column.ts'
import type { Database } from '../storage/sql/schema.ts'
import type { TrackingTables } from '../storage/sql/tables/tracking.ts'
import { readPairs } from './read-pairs.ts'
import type { MetricPoint, Run, RunDataset } from './run.ts'
import { fromStored } from './stored-value.ts'

export type RunRow = Selectable<TrackingTables['runs']> & { experiment_id: string; experiment_name: string }

export const runColumns = sql<RunRow>`runs.*, experiments.id as experiment_id, experiments.name as experiment_name`

const chunk = 1000

/** Completes rows of runs with everything that they have logged, in few queries however many there are. */
export async function readRuns(db: Kysely<Database>, rows: readonly RunRow[]): Promise<Run[]> {
  const numbers = rows.map((row) => row.number)
  const params = await readPairs(db, 'run_params', 'run', numbers)
  const tags = await readPairs(db, 'run_tags', 'run', numbers)
  const metrics = new Map<number, Record<string, MetricPoint>>()
  const datasets = new Map<number, RunDataset[]>()
  const models = new Map<number, Run['models']>()
  for (let i = 0; i < numbers.length; i += chunk) {
    const some = numbers.slice(i, i + chunk)
    for (const row of await db
      .selectFrom('metric_series')
      .selectAll()
      .where('run', 'in', some)
      .orderBy('key')
      .execute()) {
      let own = metrics.get(row.run)
      if (!own) {
        own = Object.create(null) as Record<string, MetricPoint>
        metrics.set(row.run, own)
      }
      own[row.key] = { value: fromStored(row.value), step: row.step, time: row.time }
    }
    const inputs = await db
      .selectFrom('run_inputs')
      .innerJoin('input_datasets', 'input_datasets.number', 'run_inputs.dataset')
      .select(['run_inputs.run', 'run_inputs.tags', 'name', 'digest', 'source_type', 'source', 'schema', 'profile'])
      .where('run_inputs.run', 'in', some)
      .execute()
    for (const { run, tags: inputTags, source_type, ...rest } of inputs)
      push(datasets, run, { ...rest, sourceType: source_type, tags: fromJson<RunDataset['tags']>(inputTags) })
    for (const row of await db.selectFrom('run_models').selectAll().where('run', 'in', some).execute())
      push(models, row.run, { id: row.model, direction: row.direction, step: row.step })
  }
  return rows.map((row) => ({
    id: row.id,
    number: row.number,
    project: row.project,
    experimentId: row.experiment_id,
    experiment: row.experiment_name,
    name: row.name,
    user: row.user_id,
    status: row.status,
    startTime: row.start_time,
    endTime: row.end_time,
    artifactUri: row.artifact_uri,
    state: row.state,
    pipelineRun: row.pipeline_run,
    step: row.step,
    params: params.get(row.number) ?? {},
    tags: tags.get(row.number) ?? {},
    metrics: metrics.get(row.number) ?? {},
    datasets: datasets.get(row.number) ?? [],
    models: models.get(row.number) ?? [],
  }))
}

function push<T>(map: Map<number, T[]>, key: number, value: T) {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
