import { type ExpressionBuilder, sql } from 'kysely'
import type { Environment } from '../environment.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import type { Database } from '../storage/sql/schema.ts'
import { artifactRoot } from './artifact-path.ts'
import { removeExperimentParts } from './remove-experiment-parts.ts'

/** Something that was deleted and is still stored. */
export interface DeletedThing {
  kind: 'run' | 'experiment' | 'logged_model'
  project: string
  id: string
  name: string
  /** milliseconds since 1970 */
  deletedAt: number
  /** where its artifacts lie in the project; null when they lie elsewhere */
  root: string | null
  files: number
  bytes: number
  /** why it stays although its time has come; null: it goes */
  kept: string | null
}

type Where = ExpressionBuilder<Database, 'runs' | 'logged_models'>

/** Versions that clients read from a run's or a logged model's files. */
const registered = (where: Where, column: 'run_id' | 'model_id', project: string, id: string) =>
  where
    .selectFrom('model_versions')
    .select('version')
    .where('model_versions.project', '=', project)
    .where(column, '=', id)
    .where('model_versions.state', '=', 'active')

/** How many runs go in one transaction. */
const batch = 50

/** What tracking holds of runs, experiments and logged models that were deleted, and how it lets go of them. */
export function createTrackingCollection({ store, journal }: Pick<Environment, 'store' | 'journal'>) {
  const rootOf = (uri: string) => {
    try {
      return artifactRoot(uri) || null
    } catch {
      return null
    }
  }

  async function sized(project: string, root: string | null) {
    if (root === null) return { files: 0, bytes: 0 }
    const sum = await store.read
      .selectFrom('artifact_files')
      .select([sql<number>`count(*)`.as('files'), sql<number>`coalesce(sum(bytes), 0)`.as('bytes')])
      .where('project', '=', project)
      .where('path', '>=', `${root}/`)
      .where('path', '<', `${root}0`)
      .executeTakeFirstOrThrow()
    return { files: Number(sum.files), bytes: Number(sum.bytes) }
  }

  /** Registered versions that were made of a run's or a logged model's files, which clients read from there. */
  async function versionsOf(column: 'run_id' | 'model_id') {
    const rows = await store.read
      .selectFrom('model_versions')
      .select(['project', 'model', 'version', `${column} as id`])
      .where('state', '=', 'active')
      .where(column, 'is not', null)
      .execute()
    return new Map(rows.map((row) => [`${row.project}/${row.id}`, `${row.model}@${row.version}`]))
  }

  return {
    /** What was deleted before a time, with what it holds. */
    async deleted(before: number): Promise<DeletedThing[]> {
      const found: DeletedThing[] = []
      const ofRuns = await versionsOf('run_id')
      const ofModels = await versionsOf('model_id')
      const kept = (version: string | undefined) =>
        version === undefined ? null : `version ${version} is registered from it`
      const staying = new Set<number>()

      const runs = await store.read
        .selectFrom('runs')
        .select(['id', 'project', 'name', 'deleted_at', 'artifact_uri', 'experiment'])
        .where('state', '=', 'deleted')
        .where('deleted_at', '<', before)
        .orderBy('number')
        .execute()
      for (const { id, project, name, deleted_at, artifact_uri, experiment } of runs) {
        const root = rootOf(artifact_uri)
        const why = kept(ofRuns.get(`${project}/${id}`))
        if (why) staying.add(experiment)
        found.push({
          kind: 'run',
          project,
          id,
          name,
          deletedAt: deleted_at!,
          root,
          ...(await sized(project, root)),
          kept: why,
        })
      }

      const models = await store.read
        .selectFrom('logged_models')
        .innerJoin('experiments', 'experiments.number', 'logged_models.experiment')
        .select([
          'logged_models.id',
          'logged_models.project',
          'logged_models.name',
          'logged_models.artifact_uri',
          'logged_models.experiment',
          'logged_models.state',
          'logged_models.updated_at',
          'experiments.updated_at as experimentDeletedAt',
        ])
        .where((where) =>
          where.or([
            where.and([where('logged_models.state', '=', 'deleted'), where('logged_models.updated_at', '<', before)]),
            where.and([where('experiments.state', '=', 'deleted'), where('experiments.updated_at', '<', before)]),
          ]),
        )
        .orderBy('logged_models.id')
        .execute()
      for (const row of models) {
        const root = rootOf(row.artifact_uri)
        const why = kept(ofModels.get(`${row.project}/${row.id}`))
        if (why) staying.add(row.experiment)
        found.push({
          kind: 'logged_model',
          project: row.project,
          id: row.id,
          name: row.name,
          deletedAt: row.state === 'deleted' ? row.updated_at : row.experimentDeletedAt,
          root,
          ...(await sized(row.project, root)),
          kept: why,
        })
      }

      const experiments = await store.read
        .selectFrom('experiments')
        .select(['number', 'id', 'project', 'name', 'updated_at', 'artifact_location'])
        .where('state', '=', 'deleted')
        .where('updated_at', '<', before)
        .orderBy('number')
        .execute()
      const gone = new Set(found.filter((thing) => thing.kept === null).map((thing) => thing.id))
      for (const { number, id, project, name, updated_at, artifact_location } of experiments) {
        const left = (
          await store.read.selectFrom('runs').select('id').where('experiment', '=', number).execute()
        ).filter((run) => !gone.has(run.id)).length
        const why =
          id === '0'
            ? 'every project keeps its first experiment'
            : left > 0 || staying.has(number)
              ? 'something in it stays'
              : null
        found.push({
          kind: 'experiment',
          project,
          id,
          name,
          deletedAt: updated_at,
          // of its traces; runs and models have their own
          root: artifact_location === `mlflow-artifacts:/${id}` ? `${id}/traces` : null,
          files: 0,
          bytes: 0,
          kept: why,
        })
      }
      return found
    },

    /**
     * Takes deleted things out of the store for good, unless they were restored meanwhile. Calls `said` after each
     * transaction. Repeatable: what has gone already is passed over.
     */
    async collect(context: ChangeContext, things: readonly DeletedThing[], said: (count: number) => Promise<void>) {
      const going = things.filter((thing) => thing.kept === null)
      // what belongs to a trace names it in a column `trace`, in however many tables
      const ofTraces = (await store.read.introspection.getTables())
        .filter(({ columns }) => columns.some(({ name }) => name === 'trace'))
        .map(({ name }) => name)
      let done = 0
      for (const kind of ['run', 'logged_model', 'experiment'] as const) {
        const some = going.filter((thing) => thing.kind === kind)
        for (let i = 0; i < some.length; i += batch) {
          done += await journal.change(context, async (change) => {
            let count = 0
            for (const thing of some.slice(i, i + batch)) if (await remove(change, thing, ofTraces)) count++
            return count
          })
          await said(done)
        }
      }
      return done
    },
  }

  async function remove(change: Change, thing: DeletedThing, ofTraces: readonly string[]) {
    const { db } = change
    const { kind, project, id, name, root, deletedAt } = thing
    if (kind === 'run') {
      const gone = await db
        .deleteFrom('runs')
        .where('id', '=', id)
        .where('project', '=', project)
        .where('state', '=', 'deleted')
        .where('deleted_at', '=', deletedAt)
        .where((where) => where.not(where.exists(registered(where as never, 'run_id', project, id))))
        .returning('number')
        .executeTakeFirst()
      if (!gone) return false
      const run = gone.number
      for (const table of ['metric_points', 'metric_chunks'] as const)
        await db
          .deleteFrom(table)
          .where('series', 'in', (inner) => inner.selectFrom('metric_series').select('id').where('run', '=', run))
          .execute()
      for (const table of [
        'metric_series',
        'run_params',
        'run_tags',
        'run_inputs',
        'run_models',
        'logged_model_metrics',
      ] as const)
        await db.deleteFrom(table).where('run', '=', run).execute()
    } else if (kind === 'logged_model') {
      const gone = await db
        .deleteFrom('logged_models')
        .where('id', '=', id)
        .where('project', '=', project)
        .where((where) =>
          where.or([
            where('state', '=', 'deleted'),
            where('experiment', 'in', where.selectFrom('experiments').select('number').where('state', '=', 'deleted')),
          ]),
        )
        .where((where) => where.not(where.exists(registered(where as never, 'model_id', project, id))))
        .executeTakeFirst()
      if (gone.numDeletedRows === 0n) return false
      for (const table of ['logged_model_params', 'logged_model_tags', 'logged_model_metrics', 'run_models'] as const)
        await db.deleteFrom(table).where('model', '=', id).execute()
    } else {
      const gone = await db
        .deleteFrom('experiments')
        .where('project', '=', project)
        .where('id', '=', id)
        .where('state', '=', 'deleted')
        .where((where) =>
          where.not(
            where.exists(
              where.selectFrom('runs').select('runs.number').whereRef('runs.experiment', '=', 'experiments.number'),
            ),
          ),
        )
        .where((where) =>
          where.not(
            where.exists(
              where
                .selectFrom('logged_models')
                .select('logged_models.id')
                .whereRef('logged_models.experiment', '=', 'experiments.number'),
            ),
          ),
        )
        .returning('number')
        .executeTakeFirst()
      if (!gone) return false
      await db.deleteFrom('experiment_tags').where('experiment', '=', gone.number).execute()
      await db.deleteFrom('input_datasets').where('experiment', '=', gone.number).execute()
      await removeExperimentParts(db, project, id)
      const traces = (
        await db.selectFrom('traces').select('number').where('experiment', '=', gone.number).execute()
      ).map(({ number }) => number)
      for (let i = 0; i < traces.length; i += 1000) {
        const some = sql.join(traces.slice(i, i + 1000))
        for (const table of ofTraces) await sql`delete from ${sql.table(table)} where trace in (${some})`.execute(db)
        await sql`delete from traces where number in (${some})`.execute(db)
      }
    }
    if (root !== null)
      await db
        .deleteFrom('artifact_files')
        .where('project', '=', project)
        .where('path', '>=', `${root}/`)
        .where('path', '<', `${root}0`)
        .execute()
    change.append({
      type: `${kind}.collected`,
      project,
      subject: `${kind}/${id}`,
      data: { id, name, deletedAt, files: thing.files, bytes: thing.bytes },
    })
    return true
  }
}

export type TrackingCollection = ReturnType<typeof createTrackingCollection>
