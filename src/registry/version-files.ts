import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import { readFolder } from '../storage/blobs/folder.ts'
import { toJson } from '../storage/sql/json-column.ts'
import type { Tracking } from '../tracking/tracking.ts'
import type { ModelVersion } from './model-version.ts'
import type { RegisteredSource } from './new-version.ts'
import { isPromptTag, promptSources, promptTag } from './prompts.ts'
import {
  checkOwner,
  checkSource,
  folderOfArtifacts,
  type RegisteredName,
  registeredSource,
  sourceRoot,
} from './version-source.ts'

/** From where the files of versions come, and where they lie. `findNamed` finds a version of a registered model. */
export function createVersionFiles(
  { journal, blobs }: Pick<Environment, 'journal' | 'blobs'>,
  tracking: Tracking,
  findNamed: (project: string, name: RegisteredName) => Promise<ModelVersion>,
) {
  return {
    /** What a registration's address leads to: files, run, logged model. A version of a model leads to what that has. */
    async findOrigin(project: string, input: RegisteredSource) {
      if (input.tags?.some(isPromptTag)) {
        if (!promptSources.includes(input.source))
          throw new KedgeError('invalid_input', {
            what: `Invalid prompt source: '${input.source.slice(0, 200)}'. Prompt sources must use an MLflow placeholder.`,
          })
        return { source: input.source, run_id: input.runId || null }
      }
      checkSource(input.source)
      const named = registeredSource(input.source)
      if (named) {
        const from = await findNamed(project, named)
        if (from.tags[promptTag] === 'true')
          throw new KedgeError('invalid_input', {
            what: `Invalid model version source: '${input.source.slice(0, 200)}'. Prompt versions cannot be used as model version sources.`,
          })
        return {
          source: `models:/${from.model}/${from.version}`,
          digest: from.digest,
          bytes: from.bytes,
          kind: from.kind,
          run_id: input.runId || from.runId,
          model_id: input.modelId || from.modelId,
          signature: from.signature === null ? null : toJson(from.signature),
        }
      }
      await checkOwner(tracking, project, input.source, input)
      const root = await sourceRoot(tracking, project, input.source)
      const folder = root === null ? undefined : await folderOfArtifacts(tracking, blobs, project, root)
      // a logged model knows its run
      const modelId = input.modelId || /(?:^models:\/+|\/models\/)(m-[0-9a-f]{32})(?:\/|$)/.exec(input.source)?.[1]
      const logged = modelId ? await tracking.loggedModels.get(project, modelId).catch(() => undefined) : undefined
      return {
        source: input.source,
        digest: folder?.digest ?? null,
        bytes: folder?.bytes ?? null,
        kind: folder?.kind ?? null,
        run_id: input.runId || logged?.sourceRun || /^runs:\/+([^/]+)/.exec(input.source)?.[1] || null,
        model_id: logged?.id ?? null,
      }
    },

    /** Where the version's files lie among the project's artifacts; files that only a digest names are given a place there. */
    async artifactRoot(project: string, version: ModelVersion): Promise<string> {
      if (!version.source.startsWith('blob:') && registeredSource(version.source) === undefined) {
        const root = await sourceRoot(tracking, project, version.source)
        if (root === null)
          throw new KedgeError('unsupported', { what: `Reading ${version.source.replace(/\/\/[^@/]*@/, '//')}` })
        return root
      }
      const root = `registry/${version.model}/${version.version}`
      if ((await tracking.artifacts.list(project, root)).length === 0 && version.digest !== null) {
        const { files } = await readFolder(blobs, version.digest)
        await journal.change({ actor: 'system' }, async (change) => {
          for (const [path, file] of Object.entries(files))
            await change.db
              .insertInto('artifact_files')
              .values({ project, path: `${root}/${path}`, ...file, modified_at: change.now })
              .onConflict((c) => c.columns(['project', 'path']).doNothing())
              .execute()
        })
      }
      return root
    },
  }
}
