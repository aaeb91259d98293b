import { randomUUID } from 'node:crypto'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import type { Change, ChangeContext } from '../../journal/journal.ts'
import type { Experiments } from '../experiments.ts'
import { checkLength, limits } from '../limits.ts'

export interface ScorerVersion {
  id: string
  experimentId: string
  name: string
  version: number
  /** JSON of MLflow's client: kept, never run here */
  serialized: string
  createdAt: number
}

/** Scorers of experiments: how answers are judged. They are what a client registers and loads; Kedge runs none. */
export function createScorers({ store, journal }: Pick<Environment, 'store' | 'journal'>, experiments: Experiments) {
  const versionsOf = (db: Change['db'], project: string) =>
    db
      .selectFrom('scorers')
      .innerJoin('scorer_versions', 'scorer_versions.scorer', 'scorers.id')
      .select([
        'scorers.id as id',
        'scorers.experiment as experimentId',
        'scorers.name as name',
        'scorer_versions.version as version',
        'scorer_versions.serialized as serialized',
        'scorer_versions.created_at as createdAt',
      ])
      .where('scorers.project', '=', project)

  const missing = (name: string, experiment: string, version?: number) =>
    new KedgeError('not_found', {
      kind: `Scorer with name '${name}'${version === undefined ? '' : ` and version ${version}`} of experiment`,
      name: experiment,
    })

  async function checkActive(project: string, experiment: string) {
    const { state } = await experiments.get(project, experiment)
    if (state !== 'active')
      throw new KedgeError('invalid_input', {
        what: `The experiment ${experiment} must be in the 'active' state. Current state is ${state}.`,
      })
  }

  return {
    /** Adds a version; the first one makes the scorer. Errors: `not_found`, `invalid_input`. */
    async register(
      context: ChangeContext,
      project: string,
      experiment: string,
      name: string,
      serialized: string,
    ): Promise<ScorerVersion> {
      if (name.trim() === '')
        throw new KedgeError('invalid_input', { what: 'Scorer name cannot be empty or contain only whitespace.' })
      checkLength(name, limits.modelName, 'name')
      checkSerialized(serialized)
      await checkActive(project, experiment)
      return journal.change(context, async (change) => {
        const row = await change.db
          .insertInto('scorers')
          .values({ id: randomUUID(), project, experiment, name, next_version: 2 })
          .onConflict((c) =>
            c
              .columns(['project', 'experiment', 'name'])
              .doUpdateSet((e) => ({ next_version: e('scorers.next_version', '+', 1) })),
          )
          .returning(['id', 'next_version'])
          .executeTakeFirstOrThrow()
        const version = row.next_version - 1
        await change.db
          .insertInto('scorer_versions')
          .values({ scorer: row.id, version, serialized, created_at: change.now })
          .execute()
        change.append({
          type: 'scorer.registered',
          project,
          subject: `experiment/${experiment}`,
          data: { scorer: name, experiment, version },
        })
        return { id: row.id, experimentId: experiment, name, version, serialized, createdAt: change.now }
      })
    },

    /** The newest version of each scorer of the experiments, of all active ones when none are named. */
    async list(project: string, experimentIds?: readonly string[]): Promise<ScorerVersion[]> {
      let query = versionsOf(store.read, project).where((e) =>
        e(
          'scorer_versions.version',
          '=',
          e
            .selectFrom('scorer_versions as other')
            .select(({ fn }) => fn.max('other.version').as('newest'))
            .whereRef('other.scorer', '=', 'scorers.id'),
        ),
      )
      if (experimentIds) {
        if (experimentIds.length === 0) return []
        query = query.where('scorers.experiment', 'in', experimentIds)
      }
      query = query.where((e) =>
        e.exists(
          e
            .selectFrom('experiments')
            .select('experiments.number')
            .whereRef('experiments.id', '=', 'scorers.experiment')
            .where('experiments.project', '=', project)
            .where('experiments.state', '=', 'active'),
        ),
      )
      const rows = await query.execute()
      return rows.sort(
        (a, b) => Number(a.experimentId) - Number(b.experimentId) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
      )
    },

    async versions(project: string, experiment: string, name: string): Promise<ScorerVersion[]> {
      await checkActive(project, experiment)
      const rows = await versionsOf(store.read, project)
        .where('scorers.experiment', '=', experiment)
        .where('scorers.name', '=', name)
        .orderBy('version')
        .execute()
      if (rows.length === 0) throw missing(name, experiment)
      return rows
    },

    /** The version given, the newest without one. */
    async get(project: string, experiment: string, name: string, version?: number): Promise<ScorerVersion> {
      await checkActive(project, experiment)
      let query = versionsOf(store.read, project)
        .where('scorers.experiment', '=', experiment)
        .where('scorers.name', '=', name)
      if (version !== undefined) query = query.where('scorer_versions.version', '=', version)
      const row = await query.orderBy('version', 'desc').limit(1).executeTakeFirst()
      if (!row) throw missing(name, experiment, version)
      return row
    },

    /** Deletes a version, or the scorer with all of them. */
    async delete(
      context: ChangeContext,
      project: string,
      experiment: string,
      name: string,
      version?: number,
    ): Promise<void> {
      await checkActive(project, experiment)
      await journal.change(context, async (change) => {
        const scorer = await change.db
          .selectFrom('scorers')
          .select('id')
          .where('project', '=', project)
          .where('experiment', '=', experiment)
          .where('name', '=', name)
          .executeTakeFirst()
        if (!scorer) throw missing(name, experiment)
        let versions = change.db.deleteFrom('scorer_versions').where('scorer', '=', scorer.id)
        if (version !== undefined) versions = versions.where('version', '=', version)
        const done = await versions.executeTakeFirst()
        if (version !== undefined && done.numDeletedRows === 0n) throw missing(name, experiment, version)
        if (version === undefined) await change.db.deleteFrom('scorers').where('id', '=', scorer.id).execute()
        change.append({
          type: 'scorer.deleted',
          project,
          subject: `experiment/${experiment}`,
          data: { scorer: name, experiment, version: version ?? null },
        })
      })
    },
  }
}

function checkSerialized(serialized: string) {
  try {
    const value = JSON.parse(serialized)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return
  } catch (cause) {
    throw new KedgeError('invalid_input', { what: 'serialized_scorer must be valid JSON' }, { cause })
  }
  throw new KedgeError('invalid_input', { what: 'serialized_scorer must be a JSON object' })
}
