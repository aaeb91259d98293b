import { createHash, randomUUID } from 'node:crypto'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import type { Change, ChangeContext } from '../../journal/journal.ts'
import type { Experiments } from '../experiments.ts'
import { checkLength, checkTagKey, limits } from '../limits.ts'
import type { DatasetRow, EvaluationDataset } from './evaluation-dataset.ts'
import { createDatasetSearch } from './search-datasets.ts'

/** MLflow's clients say who they are in this tag. */
export const userTag = 'mlflow.user'

/** What the digest of a dataset is made of changes with every change of it. */
export const datasetDigest = (name: string, time: number) =>
  createHash('sha256').update(`${name}:${time}`).digest('hex').slice(0, 8)

export async function findDataset(db: Change['db'], project: string, id: string): Promise<DatasetRow> {
  const row = await db
    .selectFrom('evaluation_datasets')
    .selectAll()
    .where('id', '=', id)
    .where('project', '=', project)
    .executeTakeFirst()
  if (!row) throw new KedgeError('not_found', { kind: 'Evaluation dataset with id', name: `'${id}'` })
  return row
}

/** Evaluation datasets: named sets of examples, shared by experiments. */
export function createDatasets({ store, journal }: Pick<Environment, 'store' | 'journal'>, experiments: Experiments) {
  async function complete(rows: DatasetRow[]): Promise<EvaluationDataset[]> {
    if (rows.length === 0) return []
    const tags = Map.groupBy(
      await store.read
        .selectFrom('evaluation_dataset_tags')
        .selectAll()
        .where(
          'dataset',
          'in',
          rows.map((row) => row.id),
        )
        .orderBy('key')
        .execute(),
      (tag) => tag.dataset,
    )
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      digest: row.digest,
      schema: row.schema,
      records: Number(row.records),
      tags: Object.fromEntries((tags.get(row.id) ?? []).map(({ key, value }) => [key, value])),
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      createdBy: row.created_by,
      updatedBy: row.updated_by,
    }))
  }

  async function writeTags(change: Change, dataset: string, tags: Record<string, unknown>) {
    for (const [key, given] of Object.entries(tags)) {
      if (given === null) continue
      const value = typeof given === 'string' ? given : JSON.stringify(given)
      checkTagKey(key, 'key')
      checkLength(value, limits.tagValue, 'value')
      await change.db
        .insertInto('evaluation_dataset_tags')
        .values({ dataset, key, value })
        .onConflict((c) => c.columns(['dataset', 'key']).doUpdateSet({ value }))
        .execute()
    }
  }

  const join = (change: Change, dataset: string, experiment: string) =>
    change.db
      .insertInto('evaluation_dataset_experiments')
      .values({ dataset, experiment })
      .onConflict((c) => c.columns(['dataset', 'experiment']).doNothing())
      .execute()

  const touch = (change: Change, id: string) =>
    change.db.updateTable('evaluation_datasets').set({ updated_at: change.now }).where('id', '=', id).execute()

  const datasets = {
    async create(
      context: ChangeContext,
      project: string,
      fields: { name: string; tags?: Record<string, unknown>; experimentIds?: readonly string[] },
    ): Promise<EvaluationDataset> {
      checkLength(fields.name, limits.datasetName, 'name')
      const tags = fields.tags ?? {}
      const user = typeof tags[userTag] === 'string' ? tags[userTag] : null
      const id = `d-${randomUUID().replaceAll('-', '')}`
      for (const experiment of fields.experimentIds ?? []) await experiments.get(project, experiment)
      await journal.change(context, async (change) => {
        await change.db
          .insertInto('evaluation_datasets')
          .values({
            id,
            project,
            name: fields.name,
            digest: datasetDigest(fields.name, change.now),
            schema: null,
            records: 0,
            created_at: change.now,
            updated_at: change.now,
            created_by: user,
            updated_by: user,
          })
          .execute()
        await writeTags(change, id, tags)
        for (const experiment of fields.experimentIds ?? []) await join(change, id, experiment)
        change.append({
          type: 'evaluation_dataset.created',
          project,
          subject: `evaluation_dataset/${id}`,
          data: { dataset: id, name: fields.name },
        })
      })
      return datasets.get(project, id)
    },

    async get(project: string, id: string): Promise<EvaluationDataset> {
      return (await complete([await findDataset(store.read, project, id)]))[0]!
    },

    /** One that is not there is left so, as MLflow does. */
    delete: (context: ChangeContext, project: string, id: string): Promise<void> =>
      journal.change(context, async (change) => {
        const row = await findDataset(change.db, project, id).catch(() => undefined)
        if (!row) return
        for (const table of [
          'evaluation_records',
          'evaluation_dataset_tags',
          'evaluation_dataset_experiments',
        ] as const)
          await change.db.deleteFrom(table).where('dataset', '=', id).execute()
        await change.db.deleteFrom('evaluation_datasets').where('id', '=', id).execute()
        change.append({
          type: 'evaluation_dataset.deleted',
          project,
          subject: `evaluation_dataset/${id}`,
          data: { dataset: id, name: row.name },
        })
      }),

    /** Sets the tags given; the others stay. */
    setTags: (context: ChangeContext, project: string, id: string, tags: Record<string, unknown>): Promise<void> =>
      journal.change(context, async (change) => {
        await findDataset(change.db, project, id)
        await writeTags(change, id, tags)
      }),

    /** A tag or dataset that is not there is left so. */
    deleteTag: (context: ChangeContext, project: string, id: string, key: string): Promise<void> =>
      journal.change(context, async (change) => {
        if (!(await findDataset(change.db, project, id).catch(() => undefined))) return
        await change.db.deleteFrom('evaluation_dataset_tags').where('dataset', '=', id).where('key', '=', key).execute()
      }),

    async experimentIds(project: string, id: string): Promise<string[]> {
      await findDataset(store.read, project, id)
      const rows = await store.read
        .selectFrom('evaluation_dataset_experiments')
        .select('experiment')
        .where('dataset', '=', id)
        .execute()
      return rows.map((row) => row.experiment).sort((a, b) => Number(a) - Number(b))
    },

    async addTo(
      context: ChangeContext,
      project: string,
      id: string,
      experimentIds: readonly string[],
    ): Promise<EvaluationDataset> {
      await findDataset(store.read, project, id)
      for (const experiment of experimentIds) await experiments.get(project, experiment)
      await journal.change(context, async (change) => {
        await findDataset(change.db, project, id)
        for (const experiment of experimentIds) await join(change, id, experiment)
        await touch(change, id)
      })
      return datasets.get(project, id)
    },

    /** Experiments that it does not belong to are left so. */
    async removeFrom(
      context: ChangeContext,
      project: string,
      id: string,
      experimentIds: readonly string[],
    ): Promise<EvaluationDataset> {
      await journal.change(context, async (change) => {
        await findDataset(change.db, project, id)
        for (const experiment of experimentIds)
          await change.db
            .deleteFrom('evaluation_dataset_experiments')
            .where('dataset', '=', id)
            .where('experiment', '=', experiment)
            .execute()
        await touch(change, id)
      })
      return datasets.get(project, id)
    },

    search: createDatasetSearch(store, complete),
  }
  return datasets
}
