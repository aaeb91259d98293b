import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import { inChange } from '../journal/in-change.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import { fromJson } from '../storage/sql/json-column.ts'
import { checkLength, limits } from '../tracking/limits.ts'
import type { Models } from './models.ts'
import { recordPromotion } from './record-promotion.ts'

export interface Promotion {
  id: number
  model: string
  alias: string
  from: number | null
  to: number | null
  actor: string
  reason: string
  evidence: unknown
  /** milliseconds since 1970 */
  time: number
}

/** Names of versions, such as `champion`. Every move says why, and is kept. */
export function createAliases(environment: Pick<Environment, 'store' | 'journal'>, models: Models) {
  const { store, journal } = environment

  const current = async (db: Change['db'], project: string, model: string, alias: string) =>
    (
      await db
        .selectFrom('model_aliases')
        .select('version')
        .where('project', '=', project)
        .where('model', '=', model)
        .where('alias', '=', alias)
        .executeTakeFirst()
    )?.version ?? null

  return {
    /** Points the alias to a version. Moving it to where it is changes nothing. Errors: `not_found`, `invalid_input` without a reason. */
    move: (
      where: ChangeContext | Change,
      project: string,
      model: string,
      alias: string,
      version: number,
      reason: string,
      evidence?: unknown,
    ): Promise<void> => {
      checkAlias(alias)
      if (reason.trim() === '') throw new KedgeError('invalid_input', { what: 'Moving an alias needs a reason' })
      return inChange(journal, where, async (change) => {
        await change.lock(`aliases/${project}/${model}`)
        await models.findIn(change, project, model)
        const there = await change.db
          .selectFrom('model_versions')
          .select('version')
          .where('project', '=', project)
          .where('model', '=', model)
          .where('version', '=', version)
          .where('state', '=', 'active')
          .executeTakeFirst()
        if (!there)
          throw new KedgeError('not_found', { kind: 'Model Version', name: `(name=${model}, version=${version})` })
        const from = await current(change.db, project, model, alias)
        if (from === version) return
        await change.db
          .insertInto('model_aliases')
          .values({ project, model, alias, version })
          .onConflict((c) => c.columns(['project', 'model', 'alias']).doUpdateSet({ version }))
          .execute()
        await recordPromotion(change, project, model, { alias, from, to: version, reason, evidence })
      })
    },

    /** Takes the alias away; one that is not there is left so. */
    remove: (
      where: ChangeContext | Change,
      project: string,
      model: string,
      alias: string,
      reason: string,
    ): Promise<void> =>
      inChange(journal, where, async (change) => {
        await change.lock(`aliases/${project}/${model}`)
        await models.findIn(change, project, model)
        const from = await current(change.db, project, model, alias)
        if (from === null) return
        await change.db
          .deleteFrom('model_aliases')
          .where('project', '=', project)
          .where('model', '=', model)
          .where('alias', '=', alias)
          .execute()
        await recordPromotion(change, project, model, { alias, from, to: null, reason })
      }),

    /** The version behind an alias, null when there is none. */
    resolve: (project: string, model: string, alias: string): Promise<number | null> =>
      current(store.read, project, model, alias),

    /** Who moved which alias, newest first. */
    async history(
      project: string,
      model: string,
      page: { limit: number; offset: number } = { limit: 1000, offset: 0 },
    ): Promise<Promotion[]> {
      const rows = await store.read
        .selectFrom('promotions')
        .selectAll()
        .where('project', '=', project)
        .where('model', '=', model)
        .orderBy('id', 'desc')
        .limit(page.limit)
        .offset(page.offset)
        .execute()
      return rows.map((row) => ({
        id: row.id,
        model: row.model,
        alias: row.alias,
        from: row.from_version,
        to: row.to_version,
        actor: row.actor,
        reason: row.reason,
        evidence: fromJson(row.evidence),
        time: row.time,
      }))
    },
  }
}

export type Aliases = ReturnType<typeof createAliases>

function checkAlias(alias: string) {
  const invalid = (what: string) =>
    new KedgeError('invalid_input', { what: `Invalid alias name: '${alias.slice(0, 100)}'. ${what}` })
  if (alias === '') throw invalid('It cannot be empty.')
  if (!/^[\p{L}\p{N}_-]*$/u.test(alias))
    throw invalid('Names may only contain alphanumerics, underscores (_), and dashes (-).')
  checkLength(alias, limits.alias, 'alias')
  if (alias.toLowerCase() === 'latest') throw invalid("'latest' alias name (case insensitive) is reserved.")
  if (/^v\d+$/i.test(alias)) throw invalid(`Version alias name '${alias}' is reserved.`)
}
