import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'

/** A file of rows that a client has registered under a number. */
export interface RegisteredDataset {
  features: { name: string; type: 'number' | 'category' | 'integer' }[]
  /** column with the time of a row */
  time: string | null
  format: 'csv' | 'jsonl'
}

/** A version of a model that a client has registered. */
export interface RegisteredModel {
  name: string
  task: 'binary' | 'regression' | null
  targets: string[]
  features: string[]
  dataset: number | null
  /** what clients say of its trainings, by the number of the iteration */
  iterations: Record<string, Record<string, string | number>>
}

interface Stored {
  id: number
  project: string
  version: string
}
export type StoredDataset = Stored & RegisteredDataset & { name: string; digest: string }
export type StoredModel = Stored & RegisteredModel & { model: string }

/** What clients that register before they log have registered: datasets and versions of models, each with a number. */
export function createRegistrations({ store, journal }: Pick<Environment, 'store' | 'journal'>) {
  const toDataset = (row: {
    id: number
    project: string
    name: string
    version: string
    digest: string
    description: string
  }): StoredDataset => ({
    ...fromJson<RegisteredDataset>(row.description),
    id: row.id,
    project: row.project,
    name: row.name,
    version: row.version,
    digest: row.digest,
  })
  const toModel = (row: {
    id: number
    project: string
    model: string
    version: string
    description: string
  }): StoredModel => ({
    ...fromJson<RegisteredModel>(row.description),
    id: row.id,
    project: row.project,
    model: row.model,
    version: row.version,
  })

  async function dataset(project: string, id: number): Promise<StoredDataset> {
    const row = await store.read
      .selectFrom('censius_datasets')
      .selectAll()
      .where('project', '=', project)
      .where('id', '=', id)
      .executeTakeFirst()
    if (!row) throw new KedgeError('not_found', { kind: 'Dataset', name: id })
    return toDataset(row)
  }

  const models = (project: string) => store.read.selectFrom('censius_models').selectAll().where('project', '=', project)

  return {
    dataset,

    async addDataset(
      actor: string,
      { project, name, version, digest, ...description }: Omit<StoredDataset, 'id'>,
    ): Promise<number> {
      return journal.change({ actor }, async (change) => {
        const row = await change.db
          .insertInto('censius_datasets')
          .values({ project, name, version, digest, description: toJson(description), created_at: change.now })
          .returning('id')
          .executeTakeFirstOrThrow()
        return row.id
      })
    },

    /** A dataset that comes in parts has another file after each. */
    setFile: (actor: string, id: number, digest: string): Promise<unknown> =>
      journal.change({ actor }, (change) =>
        change.db.updateTable('censius_datasets').set({ digest }).where('id', '=', id).execute(),
      ),

    /** Errors: `not_found`. */
    async model(project: string, model: string, version: string): Promise<StoredModel> {
      const row = await models(project).where('model', '=', model).where('version', '=', version).executeTakeFirst()
      if (!row) throw new KedgeError('not_found', { kind: 'Model', name: `${model} version ${version}` })
      return toModel(row)
    },

    /** Errors: `not_found`. */
    async modelById(project: string, id: number): Promise<StoredModel> {
      const row = await models(project).where('id', '=', id).executeTakeFirst()
      if (!row) throw new KedgeError('not_found', { kind: 'Model', name: id })
      return toModel(row)
    },

    /** A version that is there already gets the new description. */
    async putModel(
      actor: string,
      { project, model, version, ...description }: Omit<StoredModel, 'id'>,
    ): Promise<StoredModel> {
      const row = { project, model, version, description: toJson(description) }
      return journal.change({ actor }, async (change) =>
        toModel(
          await change.db
            .insertInto('censius_models')
            .values({ ...row, created_at: change.now })
            .onConflict((c) => c.columns(['project', 'model', 'version']).doUpdateSet({ description: row.description }))
            .returningAll()
            .executeTakeFirstOrThrow(),
        ),
      )
    },

    async list(project: string): Promise<StoredModel[]> {
      return (await models(project).orderBy('id').execute()).map(toModel)
    },
  }
}
