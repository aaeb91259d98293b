import type { Change } from '../journal/journal.ts'
import { toJson } from '../storage/sql/json-column.ts'
import { promptMark } from './prompts.ts'

export interface AliasMove {
  alias: string
  from: number | null
  /** null: the alias was taken away */
  to: number | null
  reason: string
  evidence?: unknown
}

/** Keeps who moved an alias, when, why, on which evidence, in the change that moves it. */
export async function recordPromotion(change: Change, project: string, model: string, move: AliasMove): Promise<void> {
  const { alias, from, to, reason, evidence } = move
  await change.db
    .insertInto('promotions')
    .values({
      project,
      model,
      alias,
      from_version: from,
      to_version: to,
      actor: change.context.actor,
      reason,
      evidence: evidence === undefined || evidence === null ? null : toJson(evidence),
      time: change.now,
    })
    .execute()
  change.append({
    type: 'alias.moved',
    project,
    subject: `model/${model}`,
    data: { model, alias, from, to, reason, ...(await promptMark(change, project, model)) },
  })
}

/** Takes away the aliases of a model, or of one version, because that goes away. */
export async function dropAliases(
  change: Change,
  project: string,
  model: string,
  version: number | undefined,
  reason: string,
): Promise<void> {
  let dropped = change.db.deleteFrom('model_aliases').where('project', '=', project).where('model', '=', model)
  if (version !== undefined) dropped = dropped.where('version', '=', version)
  for (const row of await dropped.returning(['alias', 'version']).execute())
    await recordPromotion(change, project, model, { alias: row.alias, from: row.version, to: null, reason })
}
