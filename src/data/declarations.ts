import { z } from 'zod'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import {
  type DataExtensions,
  type DatasetSpec,
  dataName,
  datasetSpec,
  type SourceSpec,
  sourceSpec,
} from './dataset-spec.ts'
import { documentDigest } from './document-digest.ts'

export interface DeclaredSource {
  project: string
  name: string
  kind: string
  config: SourceSpec
  createdAt: number
  updatedAt: number
}

export interface DeclaredDataset {
  project: string
  name: string
  /** as it was given */
  spec: DatasetSpec
  specDigest: string
  createdAt: number
  updatedAt: number
}

export interface Declarations {
  /** Declares or changes; the same again changes nothing. Errors: `invalid_input` names every field that is wrong. */
  putSource(change: Change, project: string, name: string, config: unknown): Promise<void>
  putDataset(change: Change, project: string, name: string, spec: unknown): Promise<void>
  removeSource(context: ChangeContext, project: string, name: string): Promise<void>
  removeDataset(context: ChangeContext, project: string, name: string): Promise<void>
  sources(project: string): Promise<DeclaredSource[]>
  source(project: string, name: string): Promise<DeclaredSource>
  datasets(project: string): Promise<DeclaredDataset[]>
  dataset(project: string, name: string): Promise<DeclaredDataset>
  parseSource(name: string, config: unknown): SourceSpec
  parseDataset(name: string, spec: unknown): DatasetSpec
}

/** What a project says about its sources and datasets. */
export function createDeclarations(
  { store, journal }: Pick<Environment, 'store' | 'journal'>,
  extensions: DataExtensions,
): Declarations {
  const sourceForm = sourceSpec(extensions.sources)
  const datasetForm = datasetSpec(extensions)

  function check<T>(schema: z.ZodType<T>, what: string, name: string, value: unknown): T {
    const parsed = z.object({ name: dataName, value: schema }).safeParse({ name, value })
    if (parsed.success) return parsed.data.value as T
    const places = parsed.error.issues.map((issue) => ({
      where: issue.path[0] === 'name' ? 'name' : issue.path.slice(1).join('.') || what,
      what: issue.message,
    }))
    throw new KedgeError(
      'invalid_input',
      { what: `The ${what} ${name}: ${places.map((place) => `${place.where}: ${place.what}`).join('; ')}` },
      { places },
    )
  }
  const parseSource = (name: string, config: unknown) => check(sourceForm, 'source', name, config)
  const parseDataset = (name: string, spec: unknown) => check(datasetForm, 'dataset', name, spec)

  const toSource = (row: {
    project: string
    name: string
    kind: string
    config: string
    created_at: number
    updated_at: number
  }): DeclaredSource => ({
    project: row.project,
    name: row.name,
    kind: row.kind,
    config: fromJson(row.config),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  })
  const toDataset = (row: {
    project: string
    name: string
    spec: string
    spec_digest: string
    created_at: number
    updated_at: number
  }): DeclaredDataset => ({
    project: row.project,
    name: row.name,
    spec: fromJson(row.spec),
    specDigest: row.spec_digest,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  })

  return {
    parseSource,
    parseDataset,
    async putSource(change, project, name, given) {
      const { kind } = parseSource(name, given)
      const config = toJson(given)
      const before = await change.db
        .selectFrom('sources')
        .select('config')
        .where('project', '=', project)
        .where('name', '=', name)
        .executeTakeFirst()
      if (before && documentDigest(fromJson(before.config)) === documentDigest(given)) return
      await change.db
        .insertInto('sources')
        .values({ project, name, kind, config, created_at: change.now, updated_at: change.now })
        .onConflict((c) => c.columns(['project', 'name']).doUpdateSet({ kind, config, updated_at: change.now }))
        .execute()
      change.append({
        type: 'source.declared',
        project,
        subject: `source/${name}`,
        data: { source: name, kind, config: given },
      })
    },
    async putDataset(change, project, name, given) {
      const { from } = parseDataset(name, given)
      const source = await change.db
        .selectFrom('sources')
        .select('name')
        .where('project', '=', project)
        .where('name', '=', from)
        .executeTakeFirst()
      if (!source)
        throw new KedgeError(
          'invalid_input',
          { what: `The dataset ${name}: from: there is no source ${from}` },
          { places: [{ where: 'from', what: `there is no source ${from}` }] },
        )
      const digest = documentDigest(given)
      const before = await change.db
        .selectFrom('datasets')
        .select('spec_digest')
        .where('project', '=', project)
        .where('name', '=', name)
        .executeTakeFirst()
      if (before?.spec_digest === digest) return
      const spec = toJson(given)
      await change.db
        .insertInto('datasets')
        .values({ project, name, spec, spec_digest: digest, created_at: change.now, updated_at: change.now })
        .onConflict((c) =>
          c.columns(['project', 'name']).doUpdateSet({ spec, spec_digest: digest, updated_at: change.now }),
        )
        .execute()
      change.append({
        type: 'dataset.declared',
        project,
        subject: `dataset/${name}`,
        data: { dataset: name, specDigest: digest, spec: given },
      })
    },
    removeSource: (context, project, name) =>
      journal.change(context, async (change) => {
        const users = await change.db
          .selectFrom('datasets')
          .select(['name', 'spec'])
          .where('project', '=', project)
          .execute()
        const user = users.find((row) => fromJson<DatasetSpec>(row.spec).from === name)
        if (user)
          throw new KedgeError(
            'conflict',
            { what: `The dataset ${user.name} reads from the source ${name}` },
            { todo: 'Remove or change the dataset first.' },
          )
        const done = await change.db
          .deleteFrom('sources')
          .where('project', '=', project)
          .where('name', '=', name)
          .executeTakeFirst()
        if (done.numDeletedRows === 0n) throw new KedgeError('not_found', { kind: 'Source', name })
        change.append({ type: 'source.removed', project, subject: `source/${name}`, data: { source: name } })
      }),
    removeDataset: (context, project, name) =>
      journal.change(context, async (change) => {
        const done = await change.db
          .deleteFrom('datasets')
          .where('project', '=', project)
          .where('name', '=', name)
          .executeTakeFirst()
        if (done.numDeletedRows === 0n) throw new KedgeError('not_found', { kind: 'Dataset', name })
        change.append({ type: 'dataset.removed', project, subject: `dataset/${name}`, data: { dataset: name } })
      }),
    sources: async (project) =>
      (await store.read.selectFrom('sources').selectAll().where('project', '=', project).orderBy('name').execute()).map(
        toSource,
      ),
    async source(project, name) {
      const row = await store.read
        .selectFrom('sources')
        .selectAll()
        .where('project', '=', project)
        .where('name', '=', name)
        .executeTakeFirst()
      if (!row) throw new KedgeError('not_found', { kind: 'Source', name })
      return toSource(row)
    },
    datasets: async (project) =>
      (
        await store.read.selectFrom('datasets').selectAll().where('project', '=', project).orderBy('name').execute()
      ).map(toDataset),
    async dataset(project, name) {
      const row = await store.read
        .selectFrom('datasets')
        .selectAll()
        .where('project', '=', project)
        .where('name', '=', name)
        .executeTakeFirst()
      if (!row) throw new KedgeError('not_found', { kind: 'Dataset', name })
      return toDataset(row)
    },
  }
}
