import { randomBytes } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import { inChange } from '../journal/in-change.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import type { Query } from '../storage/sql/sql-store.ts'
import type { RunStatus, TrackingTables } from '../storage/sql/tables/tracking.ts'
import type { ExperimentRow } from './experiment.ts'
import type { Experiments } from './experiments.ts'
import { checkLength, checkTagKey, limits } from './limits.ts'
import { readRuns, runColumns, runFields } from './read-runs.ts'
import type { Run } from './run.ts'
import { runName } from './run-name.ts'
import { writePairs } from './write-pairs.ts'
import { packRun } from './write-points.ts'

export interface NewRun {
  project: string
  experimentId: string
  name?: string | undefined
  user?: string | undefined
  startTime?: number | undefined
  tags?: readonly { key: string; value: string }[] | undefined
  /** the pipeline run and step that make it: a second creation for them gives the same run */
  pipelineRun?: number | undefined
  step?: string | undefined
}

type Row = Selectable<TrackingTables['runs']>

const insertRun = `insert into runs (id, project, experiment, name, user_id, status, start_time, artifact_uri, state, pipeline_run, step)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning number`

const findRun = `select ${runFields.join(', ')} from runs where id = ? and project = ?`
const findExperiment = 'select number, id, name, artifact_location, state from experiments where project = ? and id = ?'

const ended = new Set<RunStatus>(['FINISHED', 'FAILED', 'KILLED'])

/** Runs: made, logged to, finished, deleted and restored. */
export function createRuns(environment: Pick<Environment, 'store' | 'journal'>, experiments: Experiments) {
  const { store, journal } = environment
  const missing = (id: string) => new KedgeError('not_found', { kind: 'Run with id', name: id })

  async function find(query: Query, project: string, id: string): Promise<Row> {
    const [row] = await query<Row>(findRun, [id, project])
    if (!row) throw missing(id)
    return row
  }

  async function findActive(change: Change, project: string, id: string): Promise<Row> {
    const row = await find(change.query, project, id)
    if (row.state !== 'active')
      throw new KedgeError('conflict', {
        what: `The run ${id} must be in the 'active' state. Current state is ${row.state}.`,
      })
    return row
  }

  async function createIn(change: Change, run: NewRun): Promise<Run> {
    const [found] = await change.query<Pick<ExperimentRow, 'number' | 'id' | 'name' | 'artifact_location' | 'state'>>(
      findExperiment,
      [run.project, run.experimentId],
    )
    const experiment = found ?? (await experiments.findIn(change, run.project, run.experimentId))
    if (experiment.state !== 'active')
      throw new KedgeError('conflict', {
        what: `The experiment ${experiment.id} must be in the 'active' state. Current state is ${experiment.state}.`,
      })
    if (run.pipelineRun !== undefined && run.step !== undefined) {
      const there = await change.db
        .selectFrom('runs')
        .innerJoin('experiments', 'experiments.number', 'runs.experiment')
        .select(runColumns as never)
        .where('runs.project', '=', run.project)
        .where('pipeline_run', '=', run.pipelineRun)
        .where('step', '=', run.step)
        .executeTakeFirst()
      if (there) return (await readRuns(store.kind, change.query, [there as never]))[0]!
    }
    const tags = new Map((run.tags ?? []).map((tag) => [tag.key, tag.value]))
    const tagged = tags.get('mlflow.runName')
    if (run.name && tagged && run.name !== tagged)
      throw new KedgeError('invalid_input', {
        what: `Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='${run.name}', mlflow.runName='${tagged}').`,
      })
    const name = run.name || tagged || runName(Math.random)
    tags.set('mlflow.runName', name)
    const id = randomBytes(16).toString('hex')
    for (const [key, value] of tags) {
      checkTagKey(key, 'tags.key')
      checkLength(value, limits.tagValue, 'tags.value')
    }
    const artifactUri = `${experiment.artifact_location}/${id}/artifacts`
    const fields = {
      id,
      project: run.project,
      experiment: experiment.number,
      name,
      user_id: run.user ?? '',
      status: 'RUNNING' as const,
      start_time: run.startTime ?? change.now,
      artifact_uri: artifactUri,
      state: 'active',
      pipeline_run: run.pipelineRun ?? null,
      step: run.step ?? null,
    }
    const [made] = await change.query<{ number: number }>(insertRun, Object.values(fields))
    const number = made!.number
    await writePairs(store.kind, change.query, 'run_tags', number, [...tags])
    change.append({
      type: 'run.created',
      project: run.project,
      subject: `run/${id}`,
      data: { id, name, experiment: experiment.id, pipelineRun: run.pipelineRun ?? null, step: run.step ?? null },
    })
    return {
      id,
      number,
      project: run.project,
      experimentId: experiment.id,
      experiment: experiment.name,
      name,
      user: fields.user_id,
      status: fields.status,
      startTime: fields.start_time,
      endTime: null,
      artifactUri,
      state: 'active',
      pipelineRun: fields.pipeline_run,
      step: fields.step,
      params: {},
      tags: Object.fromEntries(tags),
      metrics: {},
      datasets: [],
      models: [],
    }
  }

  const runs = {
    find: (project: string, id: string) => find(store.readQuery, project, id),
    findIn: (change: Change, project: string, id: string) => find(change.query, project, id),
    findActive,

    /** Begins a run. Errors: `not_found` (experiment), `conflict` (a deleted one), `invalid_input`. */
    async create(where: ChangeContext | Change, run: NewRun): Promise<Run> {
      if (!('append' in where)) await experiments.ensureDefault(run.project)
      return inChange(journal, where, (change) => createIn(change, run))
    },

    async get(project: string, id: string): Promise<Run> {
      const row = await store.read
        .selectFrom('runs')
        .innerJoin('experiments', 'experiments.number', 'runs.experiment')
        .select(runColumns as never)
        .where('runs.id', '=', id)
        .where('runs.project', '=', project)
        .executeTakeFirst()
      if (!row) throw missing(id)
      return (await readRuns(store.kind, store.readQuery, [row as never]))[0]!
    },

    /** Changes status, end or name; ending a run is an event. */
    update: (
      where: ChangeContext | Change,
      project: string,
      id: string,
      fields: { status?: RunStatus | undefined; endTime?: number | undefined; name?: string | undefined },
    ): Promise<void> =>
      inChange(journal, where, async (change) => {
        const row = await findActive(change, project, id)
        const status = fields.status ?? row.status
        await change.db
          .updateTable('runs')
          .set({
            status,
            end_time:
              fields.endTime ??
              (fields.status && ended.has(fields.status) && !ended.has(row.status)
                ? change.now
                : fields.status && !ended.has(fields.status)
                  ? null
                  : row.end_time),
            name: fields.name || row.name,
          })
          .where('number', '=', row.number)
          .execute()
        if (fields.name)
          await change.db
            .insertInto('run_tags')
            .values({ run: row.number, key: 'mlflow.runName', value: fields.name })
            .onConflict((c) => c.columns(['run', 'key']).doUpdateSet({ value: fields.name! }))
            .execute()
        if (fields.status && ended.has(fields.status) && !ended.has(row.status))
          await packRun(store.kind, change.query, row.number)
        if (fields.status && ended.has(fields.status) && fields.status !== row.status)
          change.append({ type: 'run.finished', project, subject: `run/${id}`, data: { id, status } })
      }),

    /** Ends a run that is still going; one that has ended stays as it is. */
    finish: (where: ChangeContext | Change, project: string, id: string, status: RunStatus): Promise<void> =>
      inChange(journal, where, async (change) => {
        const row = await find(change.query, project, id)
        if (!ended.has(row.status) && row.state === 'active') await runs.update(change, project, id, { status })
      }),

    delete: (context: ChangeContext, project: string, id: string): Promise<void> =>
      journal.change(context, async (change) => {
        const row = await findActive(change, project, id)
        await change.db
          .updateTable('runs')
          .set({ state: 'deleted', deleted_at: change.now })
          .where('number', '=', row.number)
          .execute()
        change.append({ type: 'run.deleted', project, subject: `run/${id}`, data: { id } })
      }),

    restore: (context: ChangeContext, project: string, id: string): Promise<void> =>
      journal.change(context, async (change) => {
        const row = await find(change.query, project, id)
        if (row.state !== 'deleted')
          throw new KedgeError('conflict', {
            what: `The run ${id} must be in the 'deleted' state. Current state is ${row.state}.`,
          })
        await change.db
          .updateTable('runs')
          .set({ state: 'active', deleted_at: null })
          .where('number', '=', row.number)
          .execute()
        change.append({ type: 'run.restored', project, subject: `run/${id}`, data: { id } })
      }),
  }
  return runs
}

export type Runs = ReturnType<typeof createRuns>
