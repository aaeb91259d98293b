import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import { inChange } from '../journal/in-change.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import { toJson } from '../storage/sql/json-column.ts'
import type { Tracking } from '../tracking/tracking.ts'
import type { CheckModel } from './check-models.ts'
import { gateJob } from './gate-job.ts'
import { insertVersion } from './insert-version.ts'
import { type ModelVersion, type ModelVersionRow, toModelVersion } from './model-version.ts'
import type { Models } from './models.ts'
import type { NewVersion, RegisteredSource } from './new-version.ts'
import { dropAliases } from './record-promotion.ts'
import { createRegistrySearch } from './search-registry.ts'
import { searchedVersions } from './search-versions.ts'
import { createVersionFiles } from './version-files.ts'
import type { RegisteredName } from './version-source.ts'
import { createVersionStages, touchModel } from './version-stages.ts'
import { createVersionTags } from './version-tags.ts'

type Row = ModelVersionRow

/** Model versions: what made each, where its files lie, its stage and tags. A deleted one keeps its row and number. */
export function createVersions(
  environment: Pick<Environment, 'store' | 'journal' | 'jobs' | 'blobs'>,
  models: Models,
  tracking: Tracking,
  check: CheckModel,
) {
  const { store, journal, jobs } = environment
  const missing = (model: string, version: number | string) =>
    new KedgeError('not_found', { kind: 'Model Version', name: `(name=${model}, version=${version})` })

  async function find(db: Change['db'], project: string, model: string, version: number): Promise<Row> {
    const row = await db
      .selectFrom('model_versions')
      .selectAll()
      .where('project', '=', project)
      .where('model', '=', model)
      .where('version', '=', version)
      .where('state', '=', 'active')
      .executeTakeFirst()
    if (!row) throw missing(model, version)
    return row
  }

  async function complete(rows: Row[]): Promise<ModelVersion[]> {
    if (rows.length === 0) return []
    const { project } = rows[0]!
    const names = [...new Set(rows.map((row) => row.model))]
    const aliases = await store.read
      .selectFrom('model_aliases')
      .selectAll()
      .where('project', '=', project)
      .where('model', 'in', names)
      .orderBy('alias')
      .execute()
    const tags = await store.read
      .selectFrom('model_version_tags')
      .selectAll()
      .where('project', '=', project)
      .where('model', 'in', names)
      .orderBy('key')
      .execute()
    const key = (model: string, version: number) => `${version}/${model}`
    const tagsOf = Map.groupBy(tags, (tag) => key(tag.model, tag.version))
    const aliasesOf = Map.groupBy(aliases, (alias) => key(alias.model, alias.version))
    return rows.map((row) =>
      toModelVersion(
        row,
        Object.fromEntries((tagsOf.get(key(row.model, row.version)) ?? []).map((tag) => [tag.key, tag.value])),
        (aliasesOf.get(key(row.model, row.version)) ?? []).map((alias) => alias.alias),
      ),
    )
  }

  const touch = (change: Change, row: Pick<Row, 'project' | 'model' | 'version'>, fields: Partial<Row>) =>
    change.db
      .updateTable('model_versions')
      .set({ ...fields, updated_at: change.now })
      .where('project', '=', row.project)
      .where('model', '=', row.model)
      .where('version', '=', row.version)
      .execute()

  const stages = createVersionStages({ store, journal }, { find, complete, touch })
  const files = createVersionFiles(environment, tracking, (project, name) => versions.named(project, name))

  const versions = {
    findIn: (change: Change, project: string, model: string, version: number) =>
      find(change.db, project, model, version),
    touch,

    /** Registers what a step made, and starts its gate when there are held-out rows. The model is made when it is not there. */
    create: (
      where: ChangeContext | Change,
      project: string,
      model: string,
      input: NewVersion,
    ): Promise<{ version: number }> =>
      inChange(journal, where, async (change) => {
        await models.ensure(change, project, model)
        if (input.pipelineRunId !== undefined && input.step !== undefined) {
          const there = await change.db
            .selectFrom('model_versions')
            .select('version')
            .where('project', '=', project)
            .where('model', '=', model)
            .where('pipeline_run', '=', input.pipelineRunId)
            .where('step', '=', input.step)
            .executeTakeFirst()
          if (there) return there
        }
        const version = await insertVersion(change, project, model, {
          source: `blob:${input.artifact.digest}`,
          digest: input.artifact.digest,
          bytes: input.artifact.bytes ?? null,
          kind: input.artifact.kind,
          run_id: input.runId ?? null,
          pipeline_run: input.pipelineRunId ?? null,
          step: input.step ?? null,
          code_digest: input.codeDigest ?? null,
          environment_digest: input.environmentDigest ?? null,
          signature: input.signature === undefined ? null : toJson(input.signature),
          dataset_versions: toJson(input.datasetVersions),
          holdout: input.holdout ? toJson(input.holdout) : null,
          as_of: input.asOf ?? null,
          description: input.description ?? null,
          gate: input.holdout ? 'waiting' : 'none',
        })
        if (input.holdout) await jobs.enqueue(change, gateJob(project, model, version))
        return { version }
      }),

    /** Registers what lies at an address, as MLflow's clients do. */
    async register(
      context: ChangeContext,
      project: string,
      model: string,
      input: RegisteredSource,
    ): Promise<ModelVersion> {
      await models.find(project, model)
      const origin = await files.findOrigin(project, input)
      await check(origin.digest ?? null, origin.kind ?? null)
      const version = await journal.change(context, (change) =>
        insertVersion(
          change,
          project,
          model,
          {
            ...origin,
            run_link: input.runLink || null,
            description: input.description ?? null,
            user_id: input.user ?? null,
          },
          input.tags,
        ),
      )
      return versions.get(project, model, version)
    },

    async get(project: string, model: string, version: number): Promise<ModelVersion> {
      return (await complete([await find(store.read, project, model, version)]))[0]!
    },

    /** The version that a number, `latest`, a stage or `@alias` names. Errors: `not_found`. */
    async named(project: string, { model, version, alias }: RegisteredName): Promise<ModelVersion> {
      if (alias !== undefined) {
        const row = await store.read
          .selectFrom('model_aliases')
          .select('version')
          .where('project', '=', project)
          .where('model', '=', model)
          .where('alias', '=', alias)
          .executeTakeFirst()
        if (!row) throw missing(model, alias)
        return versions.get(project, model, row.version)
      }
      if (/^\d+$/.test(version)) return versions.get(project, model, Number(version))
      const latest = await versions.latest(project, [model])
      const found =
        version.toLowerCase() === 'latest'
          ? latest.toSorted((a, b) => b.version - a.version)[0]
          : latest.find((one) => one.stage.toLowerCase() === version.toLowerCase())
      if (!found) throw missing(model, version)
      return found
    },

    /** All versions of a model, newest first. */
    async list(
      project: string,
      model: string,
      page: { limit: number; offset: number } = { limit: 1000, offset: 0 },
    ): Promise<ModelVersion[]> {
      const rows = await store.read
        .selectFrom('model_versions')
        .selectAll()
        .where('project', '=', project)
        .where('model', '=', model)
        .where('state', '=', 'active')
        .orderBy('version', 'desc')
        .limit(page.limit)
        .offset(page.offset)
        .execute()
      return complete(rows)
    },

    /** Versions that came from a run. */
    async ofRun(project: string, runId: string): Promise<ModelVersion[]> {
      return complete(
        await store.read
          .selectFrom('model_versions')
          .selectAll()
          .where('project', '=', project)
          .where('run_id', '=', runId)
          .where('state', '=', 'active')
          .execute(),
      )
    },

    update: (
      context: ChangeContext,
      project: string,
      model: string,
      version: number,
      fields: { description?: string | undefined },
    ): Promise<void> =>
      journal.change(context, async (change) => {
        const row = await find(change.db, project, model, version)
        await touch(change, row, { description: fields.description ?? null })
      }),

    delete: (context: ChangeContext, project: string, model: string, version: number): Promise<void> =>
      journal.change(context, async (change) => {
        const row = await find(change.db, project, model, version)
        await touch(change, row, { state: 'deleted' })
        await touchModel(change, project, model)
        await dropAliases(change, project, model, version, `Version ${version} was deleted`)
        change.append({
          type: 'model_version.deleted',
          project,
          subject: `model_version/${model}@${version}`,
          data: { model, version },
        })
      }),

    ...stages,
    ...createVersionTags(journal, find),

    artifactRoot: files.artifactRoot,

    search: createRegistrySearch(store, searchedVersions, complete),
  }
  return versions
}

export type Versions = ReturnType<typeof createVersions>
