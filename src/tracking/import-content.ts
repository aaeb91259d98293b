import { createHash } from 'node:crypto'
import type { Environment } from '../environment.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import type { LifecycleState, RunStatus } from '../storage/sql/tables/tracking.ts'
import { artifactRoot } from './artifact-path.ts'
import type { Artifacts } from './artifacts.ts'
import type { Experiments } from './experiments.ts'
import { limits } from './limits.ts'
import type { createMetricHistory } from './metric-history.ts'
import type { RunDataset } from './run.ts'
import type { createRunInputs } from './run-inputs.ts'
import type { createRunValues, LoggedMetric } from './run-values.ts'
import type { Runs } from './runs.ts'
import { toStored } from './stored-value.ts'

type Pairs = Record<string, string>

export interface ImportedExperiment {
  id: string
  name: string
  state: LifecycleState
  createdAt: number
  updatedAt: number
  tags: Pairs
}

export interface ImportedRun {
  id: string
  /** in this project */
  experimentId: string
  name: string
  user: string
  status: RunStatus
  startTime: number | null
  endTime: number | null
  state: LifecycleState
  deletedAt: number | null
  params: Pairs
  tags: Pairs
  datasets: RunDataset[]
  inputModels: string[]
  outputModels: { id: string; step: number }[]
}

export interface ImportedLoggedModel {
  id: string
  experimentId: string
  name: string
  type: string
  status: string
  sourceRun: string | null
  createdAt: number
  updatedAt: number
  state: LifecycleState
  params: Pairs
  tags: Pairs
}

/** What became of one thing. `conflict`: its id or name is taken by something else, and it was left out. */
export interface ImportOutcome {
  id: string
  /** its id here */
  target: string
  result: 'created' | 'present' | 'conflict'
  /** where what is here differs from what was given; what is here stays */
  differences: string[]
}

interface Parts {
  experiments: Experiments
  runs: Runs
  values: ReturnType<typeof createRunValues>
  inputs: ReturnType<typeof createRunInputs>
  history: ReturnType<typeof createMetricHistory>
  artifacts: Artifacts
}

const pairList = (pairs: Pairs) => Object.entries(pairs).map(([key, value]) => ({ key, value }))

/** Takes in experiments, runs and logged models of another server as they were there, with ids and times. All of it can be repeated. */
export function createTrackingImport({ journal }: Pick<Environment, 'journal'>, parts: Parts) {
  const { experiments, runs, values, inputs, history, artifacts } = parts

  /** Params, tags, inputs: what is missing is added, what differs is said. */
  async function complete(change: Change, project: string, number: number, run: ImportedRun, differences: string[]) {
    for (const [table, given, what] of [
      ['run_params', run.params, 'param'],
      ['run_tags', run.tags, 'tag'],
    ] as const) {
      const rows = pairList(given)
      const there = new Map(
        (await change.db.selectFrom(table).select(['key', 'value']).where('run', '=', number).execute()).map((row) => [
          row.key,
          row.value,
        ]),
      )
      for (const { key, value } of rows)
        if (there.has(key) && there.get(key) !== value) differences.push(`${what} ${key}`)
      const missing = rows.filter(({ key }) => !there.has(key)).map((row) => ({ run: number, ...row }))
      for (let i = 0; i < missing.length; i += 500)
        await change.db
          .insertInto(table)
          .values(missing.slice(i, i + 500))
          .execute()
    }
    if (run.datasets.length > 0 || run.inputModels.length > 0)
      await inputs.log(change, project, run.id, {
        datasets: run.datasets,
        models: run.inputModels.map((id) => ({ id })),
      })
    if (run.outputModels.length > 0) await inputs.logOutputs(change, project, run.id, run.outputModels)
  }

  /** What is logged to a deleted run is refused; here it is that run as it was. */
  async function asActive<T>(change: Change, number: number, work: () => Promise<T>): Promise<T> {
    const { state } = await change.db
      .selectFrom('runs')
      .select('state')
      .where('number', '=', number)
      .executeTakeFirstOrThrow()
    const set = (to: LifecycleState) =>
      change.db.updateTable('runs').set({ state: to }).where('number', '=', number).execute()
    if (state === 'deleted') await set('active')
    const done = await work()
    if (state === 'deleted') await set('deleted')
    return done
  }

  async function importExperiment(change: Change, project: string, given: ImportedExperiment): Promise<ImportOutcome> {
    const select = change.db.selectFrom('experiments').selectAll().where('project', '=', project)
    const named = await select.where('name', '=', given.name).executeTakeFirst()
    const differences: string[] = []
    const tags = async (experiment: number) => {
      for (const { key, value } of pairList(given.tags))
        await change.db
          .insertInto('experiment_tags')
          .values({ experiment, key, value })
          .onConflict((c) => c.doNothing())
          .execute()
    }
    if (named) {
      if (named.id !== given.id) differences.push(`its id here is ${named.id}`)
      await tags(named.number)
      return { id: given.id, target: named.id, result: 'present', differences }
    }
    const taken = await select.where('id', '=', given.id).executeTakeFirst()
    let id = given.id
    if (taken) {
      id = await experiments.freeId(change, project)
      differences.push(`the id ${given.id} is that of "${taken.name}" here`)
    }
    const row = await change.db
      .insertInto('experiments')
      .values({
        project,
        id,
        name: given.name,
        artifact_location: `mlflow-artifacts:/${id}`,
        state: given.state,
        created_at: given.createdAt,
        updated_at: given.updatedAt,
      })
      .returning('number')
      .executeTakeFirstOrThrow()
    await tags(row.number)
    change.append({
      type: 'experiment.created',
      project,
      subject: `experiment/${id}`,
      data: { id, name: given.name },
    })
    return { id: given.id, target: id, result: 'created', differences }
  }

  async function importRun(change: Change, project: string, given: ImportedRun): Promise<ImportOutcome> {
    const outcome = { id: given.id, target: given.id }
    const experiment = await experiments.findIn(change, project, given.experimentId)
    const there = await change.db.selectFrom('runs').selectAll().where('id', '=', given.id).executeTakeFirst()
    if (there && (there.project !== project || there.experiment !== experiment.number))
      return {
        ...outcome,
        result: 'conflict',
        differences: [there.project === project ? 'the run is in another experiment' : 'the run is in another project'],
      }
    const differences: string[] = []
    if (there) {
      if (there.start_time !== given.startTime) differences.push('start time')
      if (there.status !== given.status) differences.push(`status (${there.status} here, ${given.status} there)`)
      await asActive(change, there.number, () => complete(change, project, there.number, given, differences))
      return { ...outcome, result: 'present', differences }
    }
    const row = await change.db
      .insertInto('runs')
      .values({
        id: given.id,
        project,
        experiment: experiment.number,
        name: given.name,
        user_id: given.user,
        status: given.status,
        start_time: given.startTime,
        end_time: given.endTime,
        artifact_uri: `${experiment.artifact_location}/${given.id}/artifacts`,
        state: given.state,
        deleted_at: given.state === 'deleted' ? (given.deletedAt ?? change.now) : null,
        pipeline_run: null,
        step: null,
      })
      .returning('number')
      .executeTakeFirstOrThrow()
    await asActive(change, row.number, () =>
      complete(
        change,
        project,
        row.number,
        { ...given, tags: { 'mlflow.runName': given.name, ...given.tags } },
        differences,
      ),
    )
    change.append({
      type: 'run.created',
      project,
      subject: `run/${given.id}`,
      data: { id: given.id, name: given.name, experiment: experiment.id, pipelineRun: null, step: null },
    })
    return { ...outcome, result: 'created', differences }
  }

  async function importModel(change: Change, project: string, given: ImportedLoggedModel): Promise<ImportOutcome> {
    const outcome = { id: given.id, target: given.id }
    const there = await change.db.selectFrom('logged_models').selectAll().where('id', '=', given.id).executeTakeFirst()
    if (there)
      return there.project === project
        ? { ...outcome, result: 'present', differences: there.status === given.status ? [] : ['status'] }
        : { ...outcome, result: 'conflict', differences: ['the logged model is in another project'] }
    const experiment = await experiments.findIn(change, project, given.experimentId)
    await change.db
      .insertInto('logged_models')
      .values({
        id: given.id,
        project,
        experiment: experiment.number,
        name: given.name,
        type: given.type,
        source_run: given.sourceRun,
        status: given.status,
        artifact_uri: `${experiment.artifact_location}/models/${given.id}/artifacts`,
        state: given.state,
        created_at: given.createdAt,
        updated_at: given.updatedAt,
      })
      .execute()
    for (const [table, rows] of [
      ['logged_model_params', given.params],
      ['logged_model_tags', given.tags],
    ] as const)
      for (const { key, value } of pairList(rows))
        await change.db.insertInto(table).values({ model: given.id, key, value }).execute()
    change.append({
      type: 'logged_model.created',
      project,
      subject: `logged_model/${given.id}`,
      data: { id: given.id, name: given.name, experiment: experiment.id, run: given.sourceRun },
    })
    return { ...outcome, result: 'created', differences: [] }
  }

  const each = <T>(
    context: ChangeContext,
    items: readonly T[],
    one: (change: Change, item: T) => Promise<ImportOutcome>,
    lock?: string,
  ) =>
    journal.change(context, async (change) => {
      if (lock) await change.lock(lock)
      const outcomes: ImportOutcome[] = []
      for (const item of items) outcomes.push(await one(change, item))
      return outcomes
    })

  return {
    async experiments(context: ChangeContext, project: string, items: readonly ImportedExperiment[]) {
      await experiments.ensureDefault(project)
      return each(context, items, (change, item) => importExperiment(change, project, item), `experiments/${project}`)
    },

    runs: (context: ChangeContext, project: string, items: readonly ImportedRun[]) =>
      each(context, items, (change, item) => importRun(change, project, item)),

    loggedModels: (context: ChangeContext, project: string, items: readonly ImportedLoggedModel[]) =>
      each(context, items, (change, item) => importModel(change, project, item)),

    /** Adds points of metrics, of deleted runs too; a point that is there already is left alone. */
    points: (
      context: ChangeContext,
      project: string,
      items: readonly { run: string; metrics: readonly LoggedMetric[] }[],
    ): Promise<void> =>
      journal.change(context, async (change) => {
        for (const { run: id, metrics } of items) {
          const run = await runs.findIn(change, project, id)
          await asActive(change, run.number, async () => {
            for (let i = 0; i < metrics.length; i += limits.metrics)
              await values.log(change, project, id, { metrics: metrics.slice(i, i + limits.metrics) })
          })
        }
      }),

    /** What is here of runs, to be compared with where it came from. */
    check: (project: string, ids: readonly string[]) =>
      Promise.all(
        ids.map(async (id) => {
          const run = await runs.get(project, id)
          const lines: string[] = []
          for (const key of Object.keys(run.metrics))
            for (const point of (await history.get(project, id, key)).items)
              lines.push(pointLine(key, point.step, point.time, point.value))
          const files = await artifacts.files(project, artifactRoot(run.artifactUri))
          return {
            id,
            params: Object.keys(run.params).length,
            datasets: run.datasets.length,
            points: lines.length,
            pointsDigest: createHash('sha256').update(lines.sort().join('\n')).digest('hex'),
            files: files.length,
            bytes: files.reduce((sum, file) => sum + Number(file.bytes), 0),
          }
        }),
      ),
  }
}

/** How a point counts in the digest of a run's points; infinities are as large numbers as there are, as everywhere. */
const pointLine = (key: string, step: number, time: number, value: number) =>
  `${key}\t${step}\t${time}\t${Number.isNaN(value) ? 'NaN' : toStored(value)}`

export type TrackingImport = ReturnType<typeof createTrackingImport>
