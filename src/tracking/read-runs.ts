import { type Selectable, sql } from 'kysely'
import { fromJson } from '../storage/sql/json-column.ts'
import type { Query, SqlStore } from '../storage/sql/sql-store.ts'
import type { TrackingTables } from '../storage/sql/tables/tracking.ts'
import type { MetricPoint, Run, RunDataset, RunTexts } from './run.ts'
import { fromStored } from './stored-value.ts'

export type RunRow = Selectable<TrackingTables['runs']> & { experiment_id: string; experiment_name: string }

export const runColumns = sql<RunRow>`runs.*, experiments.id as experiment_id, experiments.name as experiment_name`

/** By name: a statement that is prepared for `*` fails once another version of the server has added a column. */
export const runFields = [
  'number',
  'id',
  'project',
  'experiment',
  'name',
  'user_id',
  'status',
  'start_time',
  'end_time',
  'artifact_uri',
  'state',
  'deleted_at',
  'pipeline_run',
  'step',
] as const satisfies (keyof TrackingTables['runs'])[]

const chunk = 1000

interface Pair {
  run: number
  key: string
  value: string
}
type MetricRow = { run: number; key: string } & MetricPoint
type InputRow = Pick<RunDataset, 'name' | 'digest' | 'source' | 'schema' | 'profile'> & {
  run: number
  tags: string
  source_type: string
}
interface ModelRow {
  run: number
  model: string
  direction: 'input' | 'output'
  step: number
}

const amongText = (kind: SqlStore['kind']) =>
  kind === 'sqlite' ? 'in (select value from json_each(?))' : '= any(?::bigint[])'
const amongParameter = (kind: SqlStore['kind'], numbers: readonly number[]) =>
  kind === 'sqlite' ? JSON.stringify(numbers) : numbers

/** The rows of runs in the order of their numbers' list. */
export async function readRunRows(kind: SqlStore['kind'], query: Query, numbers: readonly number[]): Promise<RunRow[]> {
  const rows = await query<RunRow>(
    `select ${runFields.map((field) => `runs.${field}`).join(', ')}, experiments.id as experiment_id, experiments.name as experiment_name
     from runs join experiments on experiments.number = runs.experiment where runs.number ${amongText(kind)}`,
    [amongParameter(kind, numbers)],
  )
  const found = new Map(rows.map((row) => [row.number, row]))
  return numbers.flatMap((number) => found.get(number) ?? [])
}

/** Completes rows of runs with everything that they have logged, in few queries however many there are. */
export async function readRuns(kind: SqlStore['kind'], query: Query, rows: readonly RunRow[]): Promise<Run[]> {
  const params = new Map<number, Record<string, string>>()
  const tags = new Map<number, Record<string, string>>()
  const metrics = new Map<number, Record<string, MetricPoint>>()
  const linked = await readLinks(kind, query, rows)
  const among = amongText(kind)
  for (const numbers of numbersOf(rows)) {
    const parameters = [amongParameter(kind, numbers)]
    const [paramRows, tagRows, metricRows] = await Promise.all([
      query<Pair>(`select run, key, value from run_params where run ${among} order by run, key`, parameters),
      query<Pair>(`select run, key, value from run_tags where run ${among} order by run, key`, parameters),
      query<MetricRow>(
        `select run, key, value, step, time from metric_series where run ${among} order by run, key`,
        parameters,
      ),
    ])
    for (const row of paramRows) keyed(params, row.run)[row.key] = row.value
    for (const row of tagRows) keyed(tags, row.run)[row.key] = row.value
    for (const row of metricRows)
      keyed(metrics, row.run)[row.key] = { value: fromStored(row.value), step: row.step, time: row.time }
  }
  return rows.map((row) => ({
    ...runFacts(row),
    ...linked(row.number),
    params: params.get(row.number) ?? {},
    tags: tags.get(row.number) ?? {},
    metrics: metrics.get(row.number) ?? {},
  }))
}

/** What of a run stands in its own row. */
const runFacts = (row: RunRow) => ({
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
})

const numbersOf = (rows: readonly RunRow[]): number[][] =>
  Array.from({ length: Math.ceil(rows.length / chunk) }, (_, i) =>
    rows.slice(i * chunk, (i + 1) * chunk).map((row) => row.number),
  )

/** The datasets and models of runs, by the run's number. */
async function readLinks(kind: SqlStore['kind'], query: Query, rows: readonly RunRow[]) {
  const datasets = new Map<number, RunDataset[]>()
  const models = new Map<number, Run['models']>()
  const among = amongText(kind)
  for (const numbers of numbersOf(rows)) {
    const parameters = [amongParameter(kind, numbers)]
    const [inputs, modelRows] = await Promise.all([
      query<InputRow>(
        `select i.run, i.tags, d.name, d.digest, d.source_type, d.source, d.schema, d.profile
         from run_inputs i join input_datasets d on d.number = i.dataset where i.run ${among}`,
        parameters,
      ),
      query<ModelRow>(`select run, model, direction, step from run_models where run ${among}`, parameters),
    ])
    for (const { run, tags: inputTags, source_type, ...rest } of inputs)
      push(datasets, run, { ...rest, sourceType: source_type, tags: fromJson<RunDataset['tags']>(inputTags) })
    for (const row of modelRows) push(models, row.run, { id: row.model, direction: row.direction, step: row.step })
  }
  return (run: number) => ({ datasets: datasets.get(run) ?? [], models: models.get(run) ?? [] })
}

/**
 * As `readRuns`, for answers that carry everything on as text: the store writes the lists that MLflow's clients read, and
 * nothing in between is parsed, kept as objects and written again.
 */
export async function readRunTexts(kind: SqlStore['kind'], query: Query, rows: readonly RunRow[]): Promise<RunTexts[]> {
  const linked = await readLinks(kind, query, rows)
  const among = amongText(kind)
  const json = textsOf[kind]
  const read = async (what: string, table: string) => {
    const texts = new Map<number, string>()
    // in the order of the tables' keys, so that no list has to be sorted
    const ordered = `(select * from ${table} where run ${among} order by run, key) as logged`
    for (const numbers of numbersOf(rows))
      for (const row of await query<{ run: number; text: string }>(
        `select run, ${what} as text from ${ordered} group by run`,
        [amongParameter(kind, numbers)],
      ))
        texts.set(row.run, row.text)
    return texts
  }
  const [params, tags, metrics] = await Promise.all([
    read(json.pair, 'run_params'),
    read(json.pair, 'run_tags'),
    read(json.metric, 'metric_series'),
  ])
  return rows.map((row) => ({
    ...runFacts(row),
    ...linked(row.number),
    params: params.get(row.number),
    tags: tags.get(row.number),
    metrics: metrics.get(row.number),
  }))
}

/** Both stores write every double so that it is the same when it is read; Infinity stands for NaN. */
const textsOf: Record<SqlStore['kind'], { pair: string; metric: string }> = {
  sqlite: {
    pair: `json_group_array(json_object('key', key, 'value', value))`,
    metric: `json_group_array(json_object('key', key, 'value', case when value > 1.7976931348623157e308 then 'NaN' else value end,
      'timestamp', time, 'step', step))`,
  },
  // its planner may group by hashing, which forgets an order
  postgres: {
    pair: `json_agg(json_build_object('key', key, 'value', value) order by key)::text`,
    metric: `json_agg(json_build_object('key', key, 'value', case when value = 'Infinity' then '"NaN"'::json else to_json(value) end,
      'timestamp', time, 'step', step) order by key)::text`,
  },
}

/** The record of a run. Keys are callers' words: none may reach the prototype. */
function keyed<T>(map: Map<number, Record<string, T>>, run: number): Record<string, T> {
  let own = map.get(run)
  if (!own) {
    own = Object.create(null) as Record<string, T>
    map.set(run, own)
  }
  return own
}

function push<T>(map: Map<number, T[]>, key: number, value: T) {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}
