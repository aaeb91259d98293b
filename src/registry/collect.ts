import type { Environment } from '../environment.ts'
import type { ChangeContext } from '../journal/journal.ts'

/** A deleted model version whose files are still stored. */
export interface DeletedVersion {
  project: string
  model: string
  version: number
  /** milliseconds since 1970 */
  deletedAt: number
  bytes: number
  /** why its files stay although their time has come; null: they go */
  kept: string | null
}

/** Deleted model versions: the row stays, so that its number is never given twice; its files go. */
export function createRegistryCollection({ store, journal }: Pick<Environment, 'store' | 'journal'>) {
  return {
    /** Versions that were deleted before a time and still name files. */
    async deleted(before: number): Promise<DeletedVersion[]> {
      const rows = await store.read
        .selectFrom('model_versions')
        .select(['project', 'model', 'version', 'updated_at', 'bytes'])
        .where('state', '=', 'deleted')
        .where('updated_at', '<', before)
        .where((where) => where.or([where('digest', 'is not', null), where('reference', 'is not', null)]))
        .execute()
      const served = await store.read
        .selectFrom('revisions')
        .innerJoin('endpoints', 'endpoints.id', 'revisions.endpoint_id')
        .select(['endpoints.project', 'endpoints.name', 'revisions.model', 'revisions.version'])
        .execute()
      const endpointOf = new Map(served.map((row) => [`${row.project}/${row.model}@${row.version}`, row.name]))
      return rows.map((row) => {
        const endpoint = endpointOf.get(`${row.project}/${row.model}@${row.version}`)
        return {
          project: row.project,
          model: row.model,
          version: row.version,
          deletedAt: row.updated_at,
          bytes: Number(row.bytes ?? 0),
          kept: endpoint === undefined ? null : `endpoint ${endpoint} has a revision of it`,
        }
      })
    },

    /** Lets go of their files; those that are not deleted any more are passed over. */
    collect: (context: ChangeContext, versions: readonly DeletedVersion[]): Promise<void> =>
      journal.change(context, async (change) => {
        for (const { project, model, version, deletedAt, bytes, kept } of versions) {
          if (kept !== null) continue
          const gone = await change.db
            .updateTable('model_versions')
            .set({ digest: null, reference: null })
            .where('project', '=', project)
            .where('model', '=', model)
            .where('version', '=', version)
            .where('state', '=', 'deleted')
            .executeTakeFirst()
          if (gone.numUpdatedRows > 0n)
            change.append({
              type: 'model_version.collected',
              project,
              subject: `model_version/${model}@${version}`,
              data: { model, version, deletedAt, bytes },
            })
        }
      }),
  }
}

export type RegistryCollection = ReturnType<typeof createRegistryCollection>
