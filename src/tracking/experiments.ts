import { sql } from 'kysely'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import type { LifecycleState } from '../storage/sql/tables/tracking.ts'
import { checkAddress } from './artifact-path.ts'
import type { Experiment, ExperimentRow } from './experiment.ts'
import { checkLength, checkTagKey, limits } from './limits.ts'
import { readPairs } from './read-pairs.ts'
import { createExperimentSearch } from './search-experiments.ts'

type Row = ExperimentRow

/** Experiments of projects. Each project has one called `Default` with the id `0`, as MLflow's clients expect. */
export function createExperiments(environment: Pick<Environment, 'store' | 'journal'>) {
  const { store, journal } = environment
  const withDefault = new Set<string>()

  const missing = (id: string) => new KedgeError('not_found', { kind: 'Experiment with id', name: id })

  /** Makes sure that the project has its first experiment. */
  async function ensureDefault(project: string): Promise<void> {
    if (withDefault.has(project)) return
    const there = await store.read
      .selectFrom('experiments')
      .select('number')
      .where('project', '=', project)
      .where('id', '=', '0')
      .executeTakeFirst()
    if (!there)
      await journal.change({ actor: 'system' }, async (change) => {
        await change.lock(`experiments/${project}`)
        await insert(change, project, { id: '0', name: 'Default' })
      })
    withDefault.add(project)
  }

  async function insert(
    change: Change,
    project: string,
    fields: { id: string; name: string; artifactLocation?: string | undefined },
  ): Promise<Row | undefined> {
    const row = await change.db
      .insertInto('experiments')
      .values({
        project,
        id: fields.id,
        name: fields.name,
        artifact_location: fields.artifactLocation || `mlflow-artifacts:/${fields.id}`,
        state: 'active',
        created_at: change.now,
        updated_at: change.now,
      })
      .onConflict((c) => c.doNothing())
      .returningAll()
      .executeTakeFirst()
    if (row)
      change.append({
        type: 'experiment.created',
        project,
        subject: `experiment/${fields.id}`,
        data: { id: fields.id, name: fields.name },
      })
    return row
  }

  /** The id after the greatest. Those of MLflow's file store, which came with an import, are random and have 18 digits: they do not count. */
  async function freeId(change: Change, project: string): Promise<string> {
    // of digits only, so the greatest number is the last of the longest texts
    const greatest = await change.db
      .selectFrom('experiments')
      .select('id')
      .where('project', '=', project)
      .where(sql<number>`length(id)`, '<=', 12)
      .orderBy(sql`length(id)`, 'desc')
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst()
    return String(Number(greatest?.id ?? 0) + 1)
  }

  async function createIn(
    change: Change,
    project: string,
    name: string,
    options: { artifactLocation?: string | undefined; tags?: Record<string, string> } = {},
  ) {
    if (name === '') throw new KedgeError('invalid_input', { what: `Invalid experiment name: '${name}'` })
    checkLength(name, limits.experimentName, 'name')
    await change.lock(`experiments/${project}`)
    const id = await freeId(change, project)
    const row = await insert(change, project, { id, name, artifactLocation: options.artifactLocation })
    if (!row) throw new KedgeError('already_exists', { kind: 'Experiment', name: `(name=${name})` })
    for (const [key, value] of Object.entries(options.tags ?? {})) await writeTag(change, row.number, key, value)
    return id
  }

  const writeTag = async (change: Change, experiment: number, key: string, value: string) => {
    checkTagKey(key, 'key')
    checkLength(value, limits.experimentTagValue, 'value')
    await change.db
      .insertInto('experiment_tags')
      .values({ experiment, key, value })
      .onConflict((c) => c.columns(['experiment', 'key']).doUpdateSet({ value }))
      .execute()
  }

  const find = async (db: Change['db'], project: string, id: string): Promise<Row> => {
    const row = await db
      .selectFrom('experiments')
      .selectAll()
      .where('project', '=', project)
      .where('id', '=', id)
      .executeTakeFirst()
    if (!row) throw missing(id)
    return row
  }

  async function withTags(rows: Row[]): Promise<Experiment[]> {
    const tags = await readPairs(
      store.read,
      'experiment_tags',
      'experiment',
      rows.map((row) => row.number),
    )
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      artifactLocation: row.artifact_location,
      state: row.state,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      tags: tags.get(row.number) ?? {},
    }))
  }

  const setState = (context: ChangeContext, project: string, id: string, state: LifecycleState) =>
    journal.change(context, async (change) => {
      const row = await find(change.db, project, id)
      if (row.state === state) throw new KedgeError('conflict', { what: `The experiment ${id} is ${state} already` })
      await change.db
        .updateTable('experiments')
        .set({ state, updated_at: change.now })
        .where('number', '=', row.number)
        .execute()
      await change.db
        .updateTable('runs')
        .set({ state, deleted_at: state === 'deleted' ? change.now : null })
        .where('experiment', '=', row.number)
        .where('state', '<>', state)
        .execute()
      const data = { id, name: row.name }
      change.append({
        type: state === 'deleted' ? 'experiment.deleted' : 'experiment.restored',
        project,
        subject: `experiment/${id}`,
        data,
      })
    })

  return {
    ensureDefault,
    freeId,
    find: (project: string, id: string) => find(store.read, project, id),
    findIn: (change: Change, project: string, id: string) => find(change.db, project, id),

    /** Errors: `already_exists`, also when a deleted experiment has the name. */
    async create(
      context: ChangeContext,
      project: string,
      name: string,
      options: { artifactLocation?: string | undefined; tags?: Record<string, string> } = {},
    ) {
      if (options.artifactLocation) checkAddress(options.artifactLocation, 'artifact location')
      await ensureDefault(project)
      return journal.change(context, (change) => createIn(change, project, name, options))
    },

    /** The id of the active experiment of this name, made when there is none. */
    async ensure(context: ChangeContext, project: string, name: string): Promise<string> {
      await ensureDefault(project)
      const there = await store.read
        .selectFrom('experiments')
        .select(['id', 'state'])
        .where('project', '=', project)
        .where('name', '=', name)
        .executeTakeFirst()
      if (there) return there.id
      return journal.change(context, async (change) => {
        await change.lock(`experiments/${project}`)
        const now = await change.db
          .selectFrom('experiments')
          .select('id')
          .where('project', '=', project)
          .where('name', '=', name)
          .executeTakeFirst()
        return now?.id ?? createIn(change, project, name)
      })
    },

    async get(project: string, id: string): Promise<Experiment> {
      if (id === '0') await ensureDefault(project)
      return (await withTags([await find(store.read, project, id)]))[0]!
    },

    async getByName(project: string, name: string): Promise<Experiment> {
      const row = await store.read
        .selectFrom('experiments')
        .selectAll()
        .where('project', '=', project)
        .where('name', '=', name)
        .executeTakeFirst()
      if (!row) throw new KedgeError('not_found', { kind: 'Experiment with name', name: `'${name}'` })
      return (await withTags([row]))[0]!
    },

    rename: (context: ChangeContext, project: string, id: string, name: string) =>
      journal.change(context, async (change) => {
        if (name === '') throw new KedgeError('invalid_input', { what: `Invalid experiment name: '${name}'` })
        checkLength(name, limits.experimentName, 'name')
        const row = await find(change.db, project, id)
        if (row.state !== 'active') throw new KedgeError('conflict', { what: 'Cannot rename a non-active experiment.' })
        await change.lock(`experiments/${project}`)
        const other = await change.db
          .selectFrom('experiments')
          .select('number')
          .where('project', '=', project)
          .where('name', '=', name)
          .executeTakeFirst()
        if (other && other.number !== row.number)
          throw new KedgeError('already_exists', { kind: 'Experiment', name: `(name=${name})` })
        await change.db
          .updateTable('experiments')
          .set({ name, updated_at: change.now })
          .where('number', '=', row.number)
          .execute()
        change.append({
          type: 'experiment.renamed',
          project,
          subject: `experiment/${id}`,
          data: { id, name, from: row.name },
        })
      }),

    delete: (context: ChangeContext, project: string, id: string) => setState(context, project, id, 'deleted'),
    restore: (context: ChangeContext, project: string, id: string) => setState(context, project, id, 'active'),

    setTag: (context: ChangeContext, project: string, id: string, key: string, value: string) =>
      journal.change(context, async (change) => {
        const row = await find(change.db, project, id)
        if (row.state !== 'active')
          throw new KedgeError('conflict', {
            what: `The experiment ${id} must be in the 'active' state. Current state is ${row.state}.`,
          })
        await writeTag(change, row.number, key, value)
      }),

    deleteTag: (context: ChangeContext, project: string, id: string, key: string) =>
      journal.change(context, async (change) => {
        const row = await find(change.db, project, id)
        const gone = await change.db
          .deleteFrom('experiment_tags')
          .where('experiment', '=', row.number)
          .where('key', '=', key)
          .executeTakeFirst()
        if (gone.numDeletedRows === 0n)
          throw new KedgeError('not_found', { kind: 'Tag', name: `${key} in experiment with id ${id}` })
      }),

    /** How many active runs each has, by experiment id. */
    async runCounts(project: string): Promise<Map<string, number>> {
      const rows = await store.read
        .selectFrom('runs')
        .innerJoin('experiments', 'experiments.number', 'runs.experiment')
        .select(['experiments.id as id', (e) => e.fn.countAll<number>().as('count')])
        .where('experiments.project', '=', project)
        .where('runs.state', '=', 'active')
        .groupBy('experiments.id')
        .execute()
      return new Map(rows.map((row) => [row.id, Number(row.count)]))
    },

    search: createExperimentSearch(store, { ensureDefault, complete: withTags }),
  }
}

export type Experiments = ReturnType<typeof createExperiments>
