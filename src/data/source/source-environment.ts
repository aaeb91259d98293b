import type { SourceEnvironment } from '../../contracts/source.ts'
import type { SourceSpec } from '../dataset-spec.ts'
import { documentDigest } from '../document-digest.ts'
import type { SourceAccess } from './open-source.ts'

/** What a kind of source may use of the world, for one source of a project. */
export function sourceEnvironment(
  access: SourceAccess,
  project: string,
  name: string,
  spec: SourceSpec,
  signal?: AbortSignal,
): SourceEnvironment {
  const query = <T>(sql: string, params?: Record<string, unknown>, settings?: Record<string, string | number>) =>
    access.engine.query<T>(sql, params, { ...(settings ? { settings } : {}), ...(signal ? { signal } : {}) })
  return {
    localFile: (location) => access.files.one(project, location, signal),
    localFiles: (location) => access.files.all(project, location, signal),
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
