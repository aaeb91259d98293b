import type { Change, ChangeContext, Journal } from '../journal/journal.ts'
import { checkLength, checkTagKey, limits } from '../tracking/limits.ts'
import { promptMark } from './prompts.ts'

/** Sets a tag in the caller's change. Errors: `invalid_input` for a key or value that MLflow's limits do not allow. */
export async function writeVersionTag(
  change: Change,
  project: string,
  model: string,
  version: number,
  tag: { key: string; value: string },
) {
  checkTagKey(tag.key, 'key')
  checkLength(tag.value, limits.registryTagValue, 'value')
  await change.db
    .insertInto('model_version_tags')
    .values({ project, model, version, ...tag })
    .onConflict((c) => c.columns(['project', 'model', 'version', 'key']).doUpdateSet({ value: tag.value }))
    .execute()
}

/** Setting and removing the tags of a version that `find` finds. */
export function createVersionTags(
  journal: Journal,
  find: (db: Change['db'], project: string, model: string, version: number) => Promise<unknown>,
) {
  return {
    setTag: (
      context: ChangeContext,
      project: string,
      model: string,
      version: number,
      tag: { key: string; value: string },
    ): Promise<void> =>
      journal.change(context, async (change) => {
        await find(change.db, project, model, version)
        await writeVersionTag(change, project, model, version, tag)
        const data = { model, version, ...(await promptMark(change, project, model)), ...tag }
        change.append({ type: 'model_version_tag.set', project, subject: `model_version/${model}@${version}`, data })
      }),

    deleteTag: (context: ChangeContext, project: string, model: string, version: number, key: string): Promise<void> =>
      journal.change(context, async (change) => {
        await find(change.db, project, model, version)
        const done = await change.db
          .deleteFrom('model_version_tags')
          .where('project', '=', project)
          .where('model', '=', model)
          .where('version', '=', version)
          .where('key', '=', key)
          .executeTakeFirst()
        if (done.numDeletedRows === 0n) return
        const data = { model, version, ...(await promptMark(change, project, model)), key }
        change.append({
          type: 'model_version_tag.deleted',
          project,
          subject: `model_version/${model}@${version}`,
          data,
        })
      }),
  }
}
