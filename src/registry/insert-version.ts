import { KedgeError } from '../errors.ts'
import type { Change } from '../journal/journal.ts'
import type { DatasetUse, ModelVersionRow } from './model-version.ts'
import { promptMark } from './prompts.ts'
import { writeVersionTag } from './version-tags.ts'

type Insert = Partial<ModelVersionRow> & { source: string }

/** Gives a model its next version, with its event, in the caller's change. Errors: `not_found` without the model. */
export async function insertVersion(
  change: Change,
  project: string,
  model: string,
  fields: Insert,
  tags: readonly { key: string; value: string }[] = [],
): Promise<number> {
  const numbered = await change.db
    .updateTable('registered_models')
    .set((e) => ({ next_version: e('next_version', '+', 1), updated_at: change.now }))
    .where('project', '=', project)
    .where('name', '=', model)
    .where('state', '=', 'active')
    .returning('next_version')
    .executeTakeFirst()
  if (!numbered) throw new KedgeError('not_found', { kind: 'Registered Model with name=', name: model })
  const version = numbered.next_version - 1
  await change.db
    .insertInto('model_versions')
    .values({
      project,
      model,
      version,
      state: 'active',
      status: 'READY',
      status_message: null,
      stage: 'None',
      description: null,
      user_id: null,
      run_id: null,
      run_link: null,
      model_id: null,
      digest: null,
      bytes: null,
      kind: null,
      pipeline_run: null,
      step: null,
      code_digest: null,
      environment_digest: null,
      signature: null,
      dataset_versions: '[]',
      holdout: null,
      as_of: null,
      gate: 'none',
      reference: null,
      created_at: change.now,
      updated_at: change.now,
      ...fields,
    })
    .execute()
  for (const tag of tags) await writeVersionTag(change, project, model, version, tag)
  change.append({
    type: 'model_version.created',
    project,
    subject: `model_version/${model}@${version}`,
    data: {
      model,
      version,
      digest: fields.digest ?? null,
      run: fields.run_id ?? null,
      pipelineRun: fields.pipeline_run ?? null,
      step: fields.step ?? null,
      datasetVersions: JSON.parse(fields.dataset_versions ?? '[]') as DatasetUse[],
      gated: fields.gate === 'waiting',
      source: fields.source,
      ...(await promptMark(change, project, model)),
      ...(fields.description ? { description: fields.description } : {}),
      ...(tags.length > 0 ? { tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])) } : {}),
    },
  })
  return version
}
