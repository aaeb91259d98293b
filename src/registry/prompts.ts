import { type SqlBool, sql } from 'kysely'
import type { Change } from '../journal/journal.ts'

/** MLflow keeps prompts as registered models, and knows them by this tag. */
export const promptTag = 'mlflow.prompt.is_prompt'

/** What MLflow's clients give as the source of a prompt: its text is in a tag. */
export const promptSources = ['dummy-source', 'prompt-template']

type Pair = { key: string; value: string }

export const isPromptTag = ({ key, value }: Pair): boolean => key === promptTag && value.toLowerCase() === 'true'

/** `{ prompt: true }` for the data of an event about a prompt, nothing for a model's. */
export async function promptMark(
  change: Pick<Change, 'db'>,
  project: string,
  model: string,
): Promise<{ prompt?: true }> {
  const tag = await change.db
    .selectFrom('registered_model_tags')
    .select(['key', 'value'])
    .where('project', '=', project)
    .where('model', '=', model)
    .where('key', '=', promptTag)
    .executeTakeFirst()
  return tag && isPromptTag(tag) ? { prompt: true } : {}
}

/** Prompts are found only by those who ask for them; one version with the tag makes all of its name a prompt's. */
export const notPrompts = (table: 'registered_models' | 'model_versions') =>
  table === 'registered_models'
    ? sql<SqlBool>`not exists (select 1 from registered_model_tags t where t.project = registered_models.project and t.model = registered_models.name and t.key = ${promptTag} and t.value = 'true')`
    : sql<SqlBool>`not exists (select 1 from model_version_tags t where t.project = model_versions.project and t.model = model_versions.model and t.key = ${promptTag} and t.value = 'true')`
