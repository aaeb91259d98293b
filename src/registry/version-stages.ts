import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import type { ModelVersion, ModelVersionRow } from './model-version.ts'

export const stages = ['None', 'Staging', 'Production', 'Archived'] as const

/** The model shows that something about its versions changed. */
export const touchModel = (change: Change, project: string, name: string) =>
  change.db
    .updateTable('registered_models')
    .set({ updated_at: change.now })
    .where('project', '=', project)
    .where('name', '=', name)
    .execute()

/** MLflow's stages of versions, for those who still use them. */
export function createVersionStages(
  { store, journal }: Pick<Environment, 'store' | 'journal'>,
  versions: {
    find(db: Change['db'], project: string, model: string, version: number): Promise<ModelVersionRow>
    complete(rows: ModelVersionRow[]): Promise<ModelVersion[]>
    touch(change: Change, row: ModelVersionRow, fields: Partial<ModelVersionRow>): Promise<unknown>
  },
) {
  const { find, complete, touch } = versions
  return {
    /** The newest version of each stage, of several models at once, by stage. */
    async latest(project: string, models: readonly string[]): Promise<ModelVersion[]> {
      if (models.length === 0) return []
      const rows = await store.read
        .selectFrom('model_versions as v')
        .selectAll()
        .where('project', '=', project)
        .where('model', 'in', models)
        .where('state', '=', 'active')
        .where((e) =>
          e.not(
            e.exists(
              e
                .selectFrom('model_versions as newer')
                .select('newer.version')
                .whereRef('newer.project', '=', 'v.project')
                .whereRef('newer.model', '=', 'v.model')
                .whereRef('newer.stage', '=', 'v.stage')
                .where('newer.state', '=', 'active')
                .whereRef('newer.version', '>', 'v.version'),
            ),
          ),
        )
        .orderBy('stage')
        .execute()
      return complete(rows)
    },

    /** MLflow's stages, which its clients still move. */
    transition: (
      context: ChangeContext,
      project: string,
      model: string,
      version: number,
      stage: string,
      archiveOthers: boolean,
    ): Promise<void> => {
      const known = stages.find((name) => name.toLowerCase() === stage.toLowerCase())
      if (!known)
        throw new KedgeError('invalid_input', {
          what: `Invalid Model Version stage: ${stage}. Value must be one of ${stages.join(', ')}.`,
        })
      if (archiveOthers && known !== 'Staging' && known !== 'Production')
        throw new KedgeError('invalid_input', {
          what: `Model version transition cannot archive existing model versions because '${known}' is not an Active stage. Valid stages are Staging and Production`,
        })
      return journal.change(context, async (change) => {
        const row = await find(change.db, project, model, version)
        const moved = [{ version, from: row.stage, to: known as string }]
        if (archiveOthers) {
          const archived = await change.db
            .updateTable('model_versions')
            .set({ stage: 'Archived', updated_at: change.now })
            .where('project', '=', project)
            .where('model', '=', model)
            .where('stage', '=', known)
            .where('version', '<>', version)
            .where('state', '=', 'active')
            .returning('version')
            .execute()
          for (const other of archived) moved.push({ version: other.version, from: known, to: 'Archived' })
        }
        await touch(change, row, { stage: known })
        await touchModel(change, project, model)
        for (const move of moved)
          if (move.from !== move.to)
            change.append({
              type: 'model_version.moved',
              project,
              subject: `model_version/${model}@${move.version}`,
              data: { model, ...move },
            })
      })
    },
  }
}
