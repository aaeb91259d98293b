import { randomBytes } from 'node:crypto'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import type { Experiments } from './experiments.ts'
import { checkKey, checkLength, checkTagKey, limits } from './limits.ts'
import type { LoggedModel, LoggedModelRow } from './logged-model.ts'
import { readPairs } from './read-pairs.ts'
import { runName } from './run-name.ts'
import { createLoggedModelSearch } from './search-logged-models.ts'
import { fromStored } from './stored-value.ts'

interface Pair {
  key: string
  value: string
}

type Row = LoggedModelRow

export const loggedModelStatuses = ['LOGGED_MODEL_PENDING', 'LOGGED_MODEL_READY', 'LOGGED_MODEL_UPLOAD_FAILED'] as const

/** Models that were logged with their own id, registered or not. */
export function createLoggedModels(environment: Pick<Environment, 'store' | 'journal'>, experiments: Experiments) {
  const { store, journal } = environment

  async function find(db: Change['db'], project: string, id: string, deletedToo = false): Promise<Row> {
    const row = await db
      .selectFrom('logged_models')
      .selectAll()
      .where('id', '=', id)
      .where('project', '=', project)
      .executeTakeFirst()
    if (!row || (row.state === 'deleted' && !deletedToo))
      throw new KedgeError('not_found', { kind: 'Logged model with ID', name: `'${id}'` })
    return row
  }

  async function complete(rows: Row[]): Promise<LoggedModel[]> {
    const ids = rows.map((row) => row.id)
    const params = await readPairs(store.read, 'logged_model_params', 'model', ids)
    const tags = await readPairs(store.read, 'logged_model_tags', 'model', ids)
    const metrics = new Map<string, LoggedModel['metrics']>()
    if (ids.length > 0) {
      const found = await store.read
        .selectFrom('logged_model_metrics')
        .innerJoin('runs', 'runs.number', 'logged_model_metrics.run')
        .select([
          'model',
          'key',
          'value',
          'logged_model_metrics.step',
          'time',
          'runs.id as runId',
          'dataset_name',
          'dataset_digest',
        ])
        .where('model', 'in', ids)
        .orderBy('key')
        .execute()
      for (const { model, dataset_name, dataset_digest, ...row } of found) {
        const list = metrics.get(model) ?? []
        metrics.set(model, list)
        list.push({ ...row, value: fromStored(row.value), datasetName: dataset_name, datasetDigest: dataset_digest })
      }
    }
    const numbers = [...new Set(rows.map((row) => row.experiment))]
    const experimentIds = new Map(
      numbers.length === 0
        ? []
        : (
            await store.read.selectFrom('experiments').select(['number', 'id']).where('number', 'in', numbers).execute()
          ).map((row) => [row.number, row.id]),
    )
    return rows.map((row) => ({
      id: row.id,
      experimentId: experimentIds.get(row.experiment) ?? '',
      name: row.name,
      type: row.type,
      sourceRun: row.source_run,
      status: row.status,
      artifactUri: row.artifact_uri,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      params: params.get(row.id) ?? {},
      tags: tags.get(row.id) ?? {},
      metrics: metrics.get(row.id) ?? [],
    }))
  }

  const writeParams = async (change: Change, model: string, params: readonly Pair[]) => {
    for (const { key, value } of params) {
      checkKey(key, 'params.key')
      checkLength(value, limits.paramValue, 'params.value')
    }
    if (params.length > 0)
      await change.db
        .insertInto('logged_model_params')
        .values(
          [...new Map(params.map((pair) => [pair.key, pair.value]))].map(([key, value]) => ({ model, key, value })),
        )
        .onConflict((c) => c.columns(['model', 'key']).doNothing())
        .execute()
  }

  const writeTags = async (change: Change, model: string, tags: readonly Pair[]) => {
    for (const { key, value } of tags) {
      checkTagKey(key, 'tags.key')
      checkLength(value, limits.tagValue, 'tags.value')
    }
    if (tags.length > 0)
      await change.db
        .insertInto('logged_model_tags')
        .values([...new Map(tags.map((pair) => [pair.key, pair.value]))].map(([key, value]) => ({ model, key, value })))
        .onConflict((c) => c.columns(['model', 'key']).doUpdateSet((e) => ({ value: e.ref('excluded.value') })))
        .execute()
  }

  const get = async (project: string, id: string, deletedToo = false): Promise<LoggedModel> =>
    (await complete([await find(store.read, project, id, deletedToo)]))[0]!

  return {
    get,

    async create(
      context: ChangeContext,
      project: string,
      model: {
        experimentId: string
        name?: string | undefined
        type?: string | undefined
        sourceRun?: string | undefined
        params?: readonly Pair[]
        tags?: readonly Pair[]
      },
    ): Promise<LoggedModel> {
      if (model.name && /[/:.%"']/.test(model.name))
        throw new KedgeError('invalid_input', {
          what: `Invalid model name (${model.name}) provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%', '"', "'").`,
        })
      await experiments.ensureDefault(project)
      const id = `m-${randomBytes(16).toString('hex')}`
      await journal.change(context, async (change) => {
        const experiment = await experiments.findIn(change, project, model.experimentId)
        if (experiment.state !== 'active')
          throw new KedgeError('conflict', {
            what: `The experiment ${experiment.id} must be in the 'active' state. Current state is ${experiment.state}.`,
          })
        const name = model.name || runName(Math.random)
        await change.db
          .insertInto('logged_models')
          .values({
            id,
            project,
            experiment: experiment.number,
            name,
            type: model.type ?? '',
            source_run: model.sourceRun || null,
            status: 'LOGGED_MODEL_PENDING',
            artifact_uri: `${experiment.artifact_location}/models/${id}/artifacts`,
            state: 'active',
            created_at: change.now,
            updated_at: change.now,
          })
          .execute()
        await writeParams(change, id, model.params ?? [])
        await writeTags(change, id, model.tags ?? [])
        change.append({
          type: 'logged_model.created',
          project,
          subject: `logged_model/${id}`,
          data: { id, name, experiment: experiment.id, run: model.sourceRun || null },
        })
      })
      return get(project, id)
    },

    async finalize(context: ChangeContext, project: string, id: string, status: string): Promise<LoggedModel> {
      if (!(loggedModelStatuses as readonly string[]).includes(status))
        throw new KedgeError('invalid_input', { what: `Invalid model status: ${status}` })
      await journal.change(context, async (change) => {
        await find(change.db, project, id)
        await change.db
          .updateTable('logged_models')
          .set({ status, updated_at: change.now })
          .where('id', '=', id)
          .execute()
      })
      return get(project, id)
    },

    logParams: (context: ChangeContext, project: string, id: string, params: readonly Pair[]): Promise<void> =>
      journal.change(context, async (change) => {
        await find(change.db, project, id)
        await writeParams(change, id, params)
      }),

    async setTags(context: ChangeContext, project: string, id: string, tags: readonly Pair[]): Promise<LoggedModel> {
      await journal.change(context, async (change) => {
        await find(change.db, project, id)
        await writeTags(change, id, tags)
      })
      return get(project, id)
    },

    deleteTag: (context: ChangeContext, project: string, id: string, key: string): Promise<void> =>
      journal.change(context, async (change) => {
        await find(change.db, project, id)
        const gone = await change.db
          .deleteFrom('logged_model_tags')
          .where('model', '=', id)
          .where('key', '=', key)
          .executeTakeFirst()
        if (gone.numDeletedRows === 0n)
          throw new KedgeError('not_found', { kind: 'Tag with key', name: `'${key}' of the model with ID '${id}'` })
      }),

    delete: (context: ChangeContext, project: string, id: string): Promise<void> =>
      journal.change(context, async (change) => {
        await find(change.db, project, id)
        await change.db
          .updateTable('logged_models')
          .set({ state: 'deleted', updated_at: change.now })
          .where('id', '=', id)
          .execute()
        change.append({ type: 'logged_model.deleted', project, subject: `logged_model/${id}`, data: { id } })
      }),

    search: createLoggedModelSearch(store, complete),
  }
}
