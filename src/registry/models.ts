import { sql } from 'kysely'
import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import { inChange } from '../journal/in-change.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import { checkLength, checkTagKey, limits } from '../tracking/limits.ts'
import type { ModelSpec } from './model-spec.ts'
import { isPromptTag, promptMark } from './prompts.ts'
import { dropAliases } from './record-promotion.ts'
import type { ModelRow, RegisteredModel } from './registered-model.ts'
import { searchedModels } from './search-models.ts'
import { createRegistrySearch } from './search-registry.ts'

type Row = ModelRow
type Pair = { key: string; value: string }

/** Registered models. A deleted one keeps its row, so that version numbers are never given twice. */
export function createModels(environment: Pick<Environment, 'store' | 'journal'>) {
  const { store, journal } = environment

  async function find(db: Change['db'], project: string, name: string): Promise<Row> {
    const row = await db
      .selectFrom('registered_models')
      .selectAll()
      .where('project', '=', project)
      .where('name', '=', name)
      .where('state', '=', 'active')
      .executeTakeFirst()
    if (!row) throw new KedgeError('not_found', { kind: 'Registered Model with name=', name })
    return row
  }

  async function complete(rows: Row[]): Promise<RegisteredModel[]> {
    if (rows.length === 0) return []
    const project = rows[0]!.project
    const names = rows.map((row) => row.name)
    const tags = await store.read
      .selectFrom('registered_model_tags')
      .selectAll()
      .where('project', '=', project)
      .where('model', 'in', names)
      .orderBy('key')
      .execute()
    const aliases = await store.read
      .selectFrom('model_aliases')
      .selectAll()
      .where('project', '=', project)
      .where('model', 'in', names)
      .orderBy('alias')
      .execute()
    const versions = await store.read
      .selectFrom('model_versions')
      .select(['model', sql<number>`count(*)`.as('count'), sql<number>`max(version)`.as('latest')])
      .where('project', '=', project)
      .where('model', 'in', names)
      .where('state', '=', 'active')
      .groupBy('model')
      .execute()
    return rows.map((row) => {
      const counted = versions.find((entry) => entry.model === row.name)
      return {
        project: row.project,
        name: row.name,
        description: row.description,
        spec: fromJson<ModelSpec>(row.spec),
        tags: Object.fromEntries(tags.filter((tag) => tag.model === row.name).map((tag) => [tag.key, tag.value])),
        aliases: Object.fromEntries(
          aliases.filter((alias) => alias.model === row.name).map((alias) => [alias.alias, alias.version]),
        ),
        versions: Number(counted?.count ?? 0),
        latestVersion: counted ? Number(counted.latest) : null,
        createdAt: row.created_at,
        updatedAt: row.updated_at,
      }
    })
  }

  async function createIn(
    change: Change,
    project: string,
    name: string,
    options: { description?: string | null; tags?: readonly Pair[]; spec?: ModelSpec },
  ) {
    checkModelName(name)
    const fields = {
      state: 'active' as const,
      description: options.description ?? options.spec?.description ?? null,
      spec: options.spec ? toJson(options.spec) : null,
      created_at: change.now,
      updated_at: change.now,
    }
    const row = await change.db
      .insertInto('registered_models')
      .values({ project, name, next_version: 1, ...fields })
      .onConflict((c) =>
        c.columns(['project', 'name']).doUpdateSet(fields).where('registered_models.state', '=', 'deleted'),
      )
      .returning('name')
      .executeTakeFirst()
    if (!row) return false
    const tags = options.tags ?? []
    for (const tag of tags) await writeTag(change, project, name, tag)
    change.append({
      type: 'model.created',
      project,
      subject: `model/${name}`,
      data: {
        model: name,
        ...(tags.some(isPromptTag) ? { prompt: true } : {}),
        ...(fields.description === null ? {} : { description: fields.description }),
        ...(tags.length > 0 ? { tags: Object.fromEntries(tags.map(({ key, value }) => [key, value])) } : {}),
      },
    })
    return true
  }

  async function writeTag(change: Change, project: string, model: string, { key, value }: Pair) {
    checkTagKey(key, 'key')
    checkLength(value, limits.registryTagValue, 'value')
    await change.db
      .insertInto('registered_model_tags')
      .values({ project, model, key, value })
      .onConflict((c) => c.columns(['project', 'model', 'key']).doUpdateSet({ value }))
      .execute()
  }

  const models = {
    find: (project: string, name: string) => find(store.read, project, name),
    findIn: (change: Change, project: string, name: string) => find(change.db, project, name),

    /** Errors: `already_exists`. */
    create: (
      context: ChangeContext,
      project: string,
      name: string,
      options: { description?: string | null; tags?: readonly Pair[] } = {},
    ): Promise<void> =>
      journal.change(context, async (change) => {
        if (!(await createIn(change, project, name, options)))
          throw new KedgeError('already_exists', { kind: 'Registered Model (name=', name: `${name})` })
      }),

    /** Makes the model if it is not there. */
    ensure: (where: ChangeContext | Change, project: string, name: string): Promise<void> =>
      inChange(journal, where, async (change) => {
        await createIn(change, project, name, {})
      }),

    /** Declares the model: its gate and description. The same declaration again changes nothing. */
    put: (where: ChangeContext | Change, project: string, name: string, spec: ModelSpec): Promise<void> =>
      inChange(journal, where, async (change) => {
        if (await createIn(change, project, name, { spec })) return
        const row = await find(change.db, project, name)
        const declared = toJson(spec)
        if (row.spec === declared) return
        await change.db
          .updateTable('registered_models')
          .set({
            spec: declared,
            updated_at: change.now,
            ...(spec.description === undefined ? {} : { description: spec.description }),
          })
          .where('project', '=', project)
          .where('name', '=', name)
          .execute()
        change.append({ type: 'model.changed', project, subject: `model/${name}`, data: { model: name } })
      }),

    async get(project: string, name: string): Promise<RegisteredModel> {
      return (await complete([await find(store.read, project, name)]))[0]!
    },

    async list(project: string): Promise<RegisteredModel[]> {
      return complete(
        await store.read
          .selectFrom('registered_models')
          .selectAll()
          .where('project', '=', project)
          .where('state', '=', 'active')
          .orderBy('name')
          .execute(),
      )
    },

    describe: (context: ChangeContext, project: string, name: string, description: string | null): Promise<void> =>
      journal.change(context, async (change) => {
        await find(change.db, project, name)
        await change.db
          .updateTable('registered_models')
          .set({ description, updated_at: change.now })
          .where('project', '=', project)
          .where('name', '=', name)
          .execute()
        change.append({ type: 'model.changed', project, subject: `model/${name}`, data: { model: name } })
      }),

    rename: (context: ChangeContext, project: string, name: string, next: string): Promise<void> =>
      journal.change(context, async (change) => {
        checkModelName(next)
        await find(change.db, project, name)
        const taken = await change.db
          .selectFrom('registered_models')
          .select('name')
          .where('project', '=', project)
          .where('name', '=', next)
          .executeTakeFirst()
        if (taken) throw new KedgeError('already_exists', { kind: 'Registered Model (name=', name: `${next})` })
        await change.db
          .updateTable('registered_models')
          .set({ name: next, updated_at: change.now })
          .where('project', '=', project)
          .where('name', '=', name)
          .execute()
        for (const table of [
          'registered_model_tags',
          'model_versions',
          'model_version_tags',
          'model_aliases',
          'promotions',
          'gate_results',
        ] as const)
          await sql`update ${sql.table(table)} set model = ${next} where project = ${project} and model = ${name}`.execute(
            change.db,
          )
        change.append({ type: 'model.renamed', project, subject: `model/${next}`, data: { model: next, from: name } })
      }),

    delete: (context: ChangeContext, project: string, name: string): Promise<void> =>
      journal.change(context, async (change) => {
        await find(change.db, project, name)
        await change.db
          .updateTable('registered_models')
          .set({ state: 'deleted', updated_at: change.now })
          .where('project', '=', project)
          .where('name', '=', name)
          .execute()
        await change.db
          .updateTable('model_versions')
          .set({ state: 'deleted', updated_at: change.now })
          .where('project', '=', project)
          .where('model', '=', name)
          .execute()
        await dropAliases(change, project, name, undefined, `The model ${name} was deleted`)
        await change.db
          .deleteFrom('registered_model_tags')
          .where('project', '=', project)
          .where('model', '=', name)
          .execute()
        change.append({ type: 'model.deleted', project, subject: `model/${name}`, data: { model: name } })
      }),

    setTag: (context: ChangeContext, project: string, name: string, tag: Pair): Promise<void> =>
      journal.change(context, async (change) => {
        await find(change.db, project, name)
        await writeTag(change, project, name, tag)
        const mark = await promptMark(change, project, name)
        change.append({
          type: 'model_tag.set',
          project,
          subject: `model/${name}`,
          data: { model: name, ...mark, ...tag },
        })
      }),

    deleteTag: (context: ChangeContext, project: string, name: string, key: string): Promise<void> =>
      journal.change(context, async (change) => {
        await find(change.db, project, name)
        const mark = await promptMark(change, project, name)
        const done = await change.db
          .deleteFrom('registered_model_tags')
          .where('project', '=', project)
          .where('model', '=', name)
          .where('key', '=', key)
          .executeTakeFirst()
        if (done.numDeletedRows > 0n)
          change.append({
            type: 'model_tag.deleted',
            project,
            subject: `model/${name}`,
            data: { model: name, ...mark, key },
          })
      }),

    search: createRegistrySearch(store, searchedModels, complete),
  }
  return models
}

export type Models = ReturnType<typeof createModels>

function checkModelName(name: string) {
  if (name.trim() === '') throw new KedgeError('invalid_input', { what: 'Registered model name cannot be empty.' })
  if (/[/:]/.test(name) || /\p{Cc}/u.test(name) || name === '.' || name === '..')
    throw new KedgeError('invalid_input', {
      what: `Invalid model name: '${name.slice(0, 100)}'. Model names cannot contain '/' or ':', or control characters.`,
    })
  checkLength(name, limits.modelName, 'name')
}
