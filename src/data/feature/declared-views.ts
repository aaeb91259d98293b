import type { z } from 'zod'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import type { Change, ChangeContext } from '../../journal/journal.ts'
import { fromJson, toJson } from '../../storage/sql/json-column.ts'
import type { FeatureTables } from '../../storage/sql/tables/features.ts'
import { documentDigest } from '../document-digest.ts'
import { type FeatureViewSpec, featureViewSpec, type TrainingSetSpec, trainingSetSpec } from './feature-view-spec.ts'

export interface Declared<Spec> {
  project: string
  name: string
  spec: Spec
  specDigest: string
  createdAt: number
  updatedAt: number
}
export type DeclaredView = Declared<FeatureViewSpec>

export interface Kept<Spec> {
  list(project: string): Promise<Declared<Spec>[]>
  /** Errors: `not_found`. */
  get(project: string, name: string): Promise<Declared<Spec>>
  find(project: string, name: string): Promise<Declared<Spec> | undefined>
  /** Declares or changes; the same again changes nothing. Errors: `invalid_input` names every field that is wrong. */
  put(context: ChangeContext, project: string, name: string, given: unknown): Promise<Declared<Spec>>
  /** Errors: `not_found`. */
  remove(context: ChangeContext, project: string, name: string): Promise<void>
}

type Kind = 'feature_view' | 'training_set'

/** What a project says about its feature views and its training sets, in the SQL store. */
function createKept<Spec>(
  { store, journal }: Pick<Environment, 'store' | 'journal'>,
  kind: Kind,
  title: string,
  schema: z.ZodType<Spec>,
): Kept<Spec> {
  const of = (project: string) =>
    store.read.selectFrom('feature_declarations').where('project', '=', project).where('kind', '=', kind)
  const toDeclared = (row: FeatureTables['feature_declarations']): Declared<Spec> => ({
    project: row.project,
    name: row.name,
    spec: schema.safeParse(fromJson(row.spec)).data!,
    specDigest: row.spec_digest,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  })
  const kept: Kept<Spec> = {
    async list(project) {
      return (await of(project).selectAll().orderBy('name').execute()).map(toDeclared)
    },
    async find(project, name) {
      const row = await of(project).selectAll().where('name', '=', name).executeTakeFirst()
      return row && toDeclared(row)
    },
    async get(project, name) {
      const found = await kept.find(project, name)
      if (!found) throw new KedgeError('not_found', { kind: title, name })
      return found
    },
    async put(context, project, name, given) {
      const parsed = schema.safeParse(given)
      if (!parsed.success) {
        const places = parsed.error.issues.map(({ path, message }) => ({
          where: path.join('.') || 'spec',
          what: message,
        }))
        throw new KedgeError(
          'invalid_input',
          { what: `${title} ${name}: ${places.map(({ where, what }) => `${where}: ${what}`).join('; ')}` },
          { places },
        )
      }
      const digest = documentDigest(given)
      await journal.change(context, async (change) => {
        const same = change.db
          .selectFrom('feature_declarations')
          .select('spec_digest')
          .where('project', '=', project)
          .where('kind', '=', kind)
          .where('name', '=', name)
        if ((await same.executeTakeFirst())?.spec_digest === digest) return
        const spec = toJson(given)
        await change.db
          .insertInto('feature_declarations')
          .values({ project, kind, name, spec, spec_digest: digest, created_at: change.now, updated_at: change.now })
          .onConflict((c) =>
            c.columns(['project', 'kind', 'name']).doUpdateSet({ spec, spec_digest: digest, updated_at: change.now }),
          )
          .execute()
        declared(change, kind, project, name, digest, given)
      })
      return kept.get(project, name)
    },
    remove: (context, project, name) =>
      journal.change(context, async (change) => {
        const done = await change.db
          .deleteFrom('feature_declarations')
          .where('project', '=', project)
          .where('kind', '=', kind)
          .where('name', '=', name)
          .executeTakeFirst()
        if (done.numDeletedRows === 0n) throw new KedgeError('not_found', { kind: title, name })
        if (kind === 'feature_view')
          change.append({
            type: 'feature_view.removed',
            project,
            subject: `feature_view/${name}`,
            data: { view: name },
          })
        else
          change.append({
            type: 'training_set.removed',
            project,
            subject: `training_set/${name}`,
            data: { trainingSet: name },
          })
      }),
  }
  return kept
}

function declared(change: Change, kind: Kind, project: string, name: string, specDigest: string, spec: unknown) {
  if (kind === 'feature_view')
    change.append({
      type: 'feature_view.declared',
      project,
      subject: `feature_view/${name}`,
      data: { view: name, dataset: (spec as { from: string }).from, specDigest, spec },
    })
  else
    change.append({
      type: 'training_set.declared',
      project,
      subject: `training_set/${name}`,
      data: { trainingSet: name, specDigest, spec },
    })
}

export const createDeclaredViews = (environment: Pick<Environment, 'store' | 'journal'>): Kept<FeatureViewSpec> =>
  createKept(environment, 'feature_view', 'The feature view', featureViewSpec)

export const createDeclaredTrainingSets = (
  environment: Pick<Environment, 'store' | 'journal'>,
): Kept<TrainingSetSpec> => createKept(environment, 'training_set', 'The training set', trainingSetSpec)
