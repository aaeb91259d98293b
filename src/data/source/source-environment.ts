import type { LocalFiles, SourceEnvironment } from '../../contracts/source.ts'
import type { SourceSpec } from '../dataset-spec.ts'
import { documentDigest } from '../document-digest.ts'
import type { SourceAccess } from './source-access.ts'

/** Sees the files that a source was found to have, and gives those that it is to read. */
export type OnFiles = (files: LocalFiles) => Promise<LocalFiles>

/** What a kind of source may use of the world, for one source of a project. */
export function sourceEnvironment(
  access: SourceAccess,
  project: string,
  name: string,
  spec: SourceSpec,
  signal?: AbortSignal,
  onFiles: OnFiles = async (files) => files,
): SourceEnvironment {
  const query = <T>(sql: string, params?: Record<string, unknown>, settings?: Record<string, string | number>) =>
    access.engine.query<T>(sql, params, { ...(settings ? { settings } : {}), ...(signal ? { signal } : {}) })
  return {
    localFile: (location) => access.files.one(project, location, signal),
    localFiles: async (location) => onFiles(await access.files.all(project, location, signal)),
    sideFiles: (location) => access.files.all(project, location, signal),
    toRead: onFiles,
    derived: (key, make) => access.files.derived.folder(documentDigest(key), make),
    checkedHost: (host) => access.addresses.check(host),
    secret: ({ secret }) => access.secret(project, secret),
    landed: () => access.landed(project, name, spec),
    query,
    async describe(sql, params, settings) {
      const rows = await query<{ name: string; type: string }>(`DESCRIBE TABLE ${sql}`, params, settings)
      return rows.map((row) => ({ name: row.name, type: row.type }))
    },
  }
}
