import { createHash } from 'node:crypto'
import type { Environment } from '../environment.ts'
import type { ChangeContext } from '../journal/journal.ts'
import { fromJson, toJson } from '../storage/sql/json-column.ts'
import type { StoredFiles } from './declared-pipelines.ts'
import type { PipelineSpec } from './pipeline-spec.ts'

/** The state of the repository that a project file was applied from. */
export interface GivenCodeState {
  commit: string
  /** null when no branch is checked out */
  branch: string | null
  /** address of the repository */
  origin: string | null
  /** whether the folder differs from the commit */
  dirty: boolean
  /** files that the repository does not know */
  untracked: string[]
  /** the differences to the commit, as git writes them */
  diff: string | null
}
export type CodeState = Omit<GivenCodeState, 'diff'> & { diff: { digest: string; bytes: number } | null }

/** Where the code of declared pipelines came from. */
export function createCodeStates({ store, journal, blobs }: Pick<Environment, 'store' | 'journal' | 'blobs'>) {
  const digestOf = (spec: PipelineSpec, files: StoredFiles) =>
    createHash('sha256')
      .update(JSON.stringify([spec, files]))
      .digest('hex')

  return {
    /** Keeps from where the pipelines were applied, as they are declared now. */
    async put(context: ChangeContext, project: string, pipelines: readonly string[], given: GivenCodeState) {
      if (pipelines.length === 0) return
      const blob = given.diff ? await blobs.put(Buffer.from(given.diff)) : null
      const state: CodeState = { ...given, diff: blob && { digest: blob.digest, bytes: blob.bytes } }
      await journal.change(context, async (change) => {
        for (const { name, digest } of await change.db
          .selectFrom('pipelines')
          .select(['name', 'digest'])
          .where('project', '=', project)
          .where('name', 'in', [...pipelines])
          .execute()) {
          const fields = { digest, state: toJson(state), diff: blob?.digest ?? null, updated_at: change.now }
          await change.db
            .insertInto('pipeline_code')
            .values({ project, pipeline: name, ...fields })
            .onConflict((c) => c.columns(['project', 'pipeline']).doUpdateSet(fields))
            .execute()
        }
      })
    },

    /** From where a pipeline came that a run was started of; undefined when nobody said it. */
    async of(
      project: string,
      pipeline: string,
      spec: PipelineSpec,
      files: StoredFiles,
    ): Promise<CodeState | undefined> {
      const row = await store.read
        .selectFrom('pipeline_code')
        .select(['digest', 'state'])
        .where('project', '=', project)
        .where('pipeline', '=', pipeline)
        .executeTakeFirst()
      return row?.digest === digestOf(spec, files) ? fromJson<CodeState>(row.state) : undefined
    },
  }
}

export type CodeStates = ReturnType<typeof createCodeStates>
