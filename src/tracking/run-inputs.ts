import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import { inChange } from '../journal/in-change.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import { knownVersion } from './known-version.ts'
import { checkLength, limits } from './limits.ts'
import type { RunDataset } from './run.ts'
import type { Runs } from './runs.ts'

export const contextTag = 'mlflow.data.context'

/** Datasets and models that a run used, models that it made. */
export function createRunInputs(environment: Pick<Environment, 'store' | 'journal'>, runs: Runs) {
  const { store, journal } = environment

  const writeModels = async (
    change: Change,
    run: number,
    direction: 'input' | 'output',
    models: readonly { id: string; step?: number | undefined }[],
  ) => {
    if (models.length === 0) return
    await change.db
      .insertInto('run_models')
      .values(models.map((model) => ({ run, model: model.id, direction, step: model.step ?? 0 })))
      .onConflict((c) => c.doNothing())
      .execute()
  }

  return {
    log(
      where: ChangeContext | Change,
      project: string,
      runId: string,
      inputs: { datasets?: readonly RunDataset[]; models?: readonly { id: string }[] },
    ): Promise<void> {
      const { datasets = [], models = [] } = inputs
      for (const dataset of datasets) checkDataset(dataset)
      if (datasets.length > limits.datasets)
        throw new KedgeError('invalid_input', {
          what: `A batch logging request can contain at most ${limits.datasets} datasets. Got ${datasets.length} datasets.`,
        })
      return inChange(journal, where, async (change) => {
        const run = await runs.findActive(change, project, runId)
        for (const dataset of datasets) {
          const key = { experiment: run.experiment, name: dataset.name, digest: dataset.digest }
          const { number } = await change.db
            .insertInto('input_datasets')
            .values({
              ...key,
              source_type: dataset.sourceType,
              source: dataset.source,
              schema: dataset.schema,
              profile: dataset.profile,
            })
            .onConflict((c) => c.columns(['experiment', 'name', 'digest']).doUpdateSet({ name: dataset.name }))
            .returning('number')
            .executeTakeFirstOrThrow()
          const logged = await change.db
            .insertInto('run_inputs')
            .values({ run: run.number, dataset: number, tags: toJson(dataset.tags) })
            // as MLflow does: a dataset that is logged to the run again keeps the tags of the first time
            .onConflict((c) => c.columns(['run', 'dataset']).doNothing())
            .executeTakeFirst()
          const version = logged.numInsertedOrUpdatedRows ? await knownVersion(change.db, project, dataset) : undefined
          if (version)
            change.append({ type: 'run.read', project, subject: `run/${runId}`, data: { id: runId, ...version } })
        }
        await writeModels(change, run.number, 'input', models)
      })
    },

    logOutputs: (
      where: ChangeContext | Change,
      project: string,
      runId: string,
      models: readonly { id: string; step?: number | undefined }[],
    ): Promise<void> =>
      inChange(journal, where, async (change) => {
        const run = await runs.findActive(change, project, runId)
        await writeModels(change, run.number, 'output', models)
      }),

    /** Every dataset that runs of the experiments used, once for each context. */
    async datasets(project: string, experimentIds: readonly string[]) {
      if (experimentIds.length === 0) return []
      const rows = await store.read
        .selectFrom('input_datasets')
        .innerJoin('experiments', 'experiments.number', 'input_datasets.experiment')
        .innerJoin('run_inputs', 'run_inputs.dataset', 'input_datasets.number')
        .select(['experiments.id as experimentId', 'input_datasets.name', 'digest', 'tags'])
        .distinct()
        .where('experiments.project', '=', project)
        .where('experiments.id', 'in', [...experimentIds])
        .limit(1000)
        .execute()
      const found = rows.map(({ tags, ...rest }) => ({
        ...rest,
        context: fromJson<RunDataset['tags']>(tags).find((tag) => tag.key === contextTag)?.value ?? null,
      }))
      return [...new Map(found.map((entry) => [JSON.stringify(entry), entry])).values()]
    },
  }
}

function checkDataset(dataset: RunDataset) {
  if (dataset.name === '' || dataset.digest === '')
    throw new KedgeError('invalid_input', { what: 'Dataset name and digest must not be empty' })
  checkLength(dataset.name, limits.datasetName, 'name')
  checkLength(dataset.digest, limits.datasetDigest, 'digest')
  checkLength(dataset.source, limits.datasetSource, 'source')
  checkLength(dataset.schema ?? '', limits.datasetSchema, 'schema')
  checkLength(dataset.profile ?? '', limits.datasetProfile, 'profile')
}
