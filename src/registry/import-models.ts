import type { Environment } from '../environment.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import type { ImportOutcome } from '../tracking/import-content.ts'
import type { Tracking } from '../tracking/tracking.ts'
import type { Aliases } from './aliases.ts'
import { insertVersion } from './insert-version.ts'
import type { Models } from './models.ts'
import { folderOfArtifacts, sourceRoot } from './version-source.ts'
import { writeVersionTag } from './version-tags.ts'

type Pairs = Record<string, string>

export interface ImportedVersion {
  version: number
  stage: string
  status: string
  statusMessage: string | null
  description: string | null
  user: string | null
  /** an address in this project, or one elsewhere that is kept as it is */
  source: string
  runId: string | null
  runLink: string | null
  modelId: string | null
  createdAt: number
  updatedAt: number
  tags: Pairs
}

export interface ImportedModel {
  name: string
  description: string | null
  createdAt: number
  updatedAt: number
  tags: Pairs
  aliases: Record<string, number>
  versions: ImportedVersion[]
}

const pairList = (pairs: Pairs) => Object.entries(pairs).map(([key, value]) => ({ key, value }))
const reason = 'imported'

/** Takes in registered models of another server with the numbers of their versions. All of it can be repeated. */
export function createModelImport(
  environment: Pick<Environment, 'journal' | 'blobs'>,
  { models, aliases, tracking }: { models: Models; aliases: Aliases; tracking: Tracking },
) {
  const { journal, blobs } = environment

  async function importVersion(change: Change, project: string, model: string, given: ImportedVersion, folder: Folder) {
    const there = await change.db
      .selectFrom('model_versions')
      .select(['source', 'run_id'])
      .where('project', '=', project)
      .where('model', '=', model)
      .where('version', '=', given.version)
      .executeTakeFirst()
    if (there)
      return there.source === given.source && there.run_id === given.runId
        ? undefined
        : `version ${given.version} is made of something else here`
    const { next_version } = await change.db
      .selectFrom('registered_models')
      .select('next_version')
      .where('project', '=', project)
      .where('name', '=', model)
      .executeTakeFirstOrThrow()
    if (next_version > given.version) return `the number ${given.version} was given to a version that is gone`
    await change.db
      .updateTable('registered_models')
      .set({ next_version: given.version })
      .where('project', '=', project)
      .where('name', '=', model)
      .execute()
    await insertVersion(change, project, model, {
      source: given.source,
      stage: given.stage,
      status: given.status,
      status_message: given.statusMessage,
      description: given.description,
      user_id: given.user,
      run_id: given.runId,
      run_link: given.runLink,
      model_id: given.modelId,
      digest: folder?.digest ?? null,
      bytes: folder?.bytes ?? null,
      kind: folder?.kind ?? null,
      created_at: given.createdAt,
      updated_at: given.updatedAt,
    })
    for (const tag of pairList(given.tags)) await writeVersionTag(change, project, model, given.version, tag)
    return undefined
  }

  return {
    /** One model with its versions; versions whose number is taken by something else are left out and said. */
    async model(context: ChangeContext, project: string, given: ImportedModel): Promise<ImportOutcome> {
      const versions = [...given.versions].sort((a, b) => a.version - b.version)
      const folders = new Map<number, Folder>()
      for (const version of versions) {
        const root = await sourceRoot(tracking, project, version.source).catch(() => null)
        if (root !== null) folders.set(version.version, await folderOfArtifacts(tracking, blobs, project, root))
      }
      return journal.change(context, async (change) => {
        const there = await models.findIn(change, project, given.name).catch(() => undefined)
        await models.ensure(change, project, given.name)
        const differences: string[] = []
        if (there) {
          if ((there.description ?? '') !== (given.description ?? '')) differences.push('description')
        } else {
          for (const { key, value } of pairList(given.tags))
            await change.db
              .insertInto('registered_model_tags')
              .values({ project, model: given.name, key, value })
              .execute()
        }
        for (const version of versions) {
          const difference = await importVersion(change, project, given.name, version, folders.get(version.version))
          if (difference) differences.push(difference)
        }
        for (const [alias, version] of Object.entries(given.aliases)) {
          const now = await change.db
            .selectFrom('model_aliases')
            .select('version')
            .where('project', '=', project)
            .where('model', '=', given.name)
            .where('alias', '=', alias)
            .executeTakeFirst()
          if (now && now.version !== version) differences.push(`alias ${alias} (${now.version} here, ${version} there)`)
          else if (!now) await aliases.move(change, project, given.name, alias, version, reason)
        }
        if (!there)
          await change.db
            .updateTable('registered_models')
            .set({ description: given.description, created_at: given.createdAt, updated_at: given.updatedAt })
            .where('project', '=', project)
            .where('name', '=', given.name)
            .execute()
        return { id: given.name, target: given.name, result: there ? 'present' : 'created', differences }
      })
    },
  }
}

type Folder = Awaited<ReturnType<typeof folderOfArtifacts>>

export type ModelImport = ReturnType<typeof createModelImport>
