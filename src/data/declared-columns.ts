import type { Column } from '../contracts/column.ts'
import type { OtherRows } from '../contracts/curation.ts'
import { type CheckedCuration, checkCuration } from './curation/check-curation.ts'
import { type DataExtensions, datasetsOf, type SourceSpec } from './dataset-spec.ts'
import type { Declarations } from './declarations.ts'
import { documentDigest } from './document-digest.ts'
import { openSource } from './source/open-source.ts'
import type { SourceAccess } from './source/source-access.ts'
import type { Versions } from './version/versions.ts'

/** How long a declaration may wait for the columns of its source, in milliseconds. */
const checkTime = 5000

/** Columns of the newest versions of datasets, of those that have one. */
export async function columnsOfOthers(
  versions: Pick<Versions, 'latest'>,
  project: string,
  names: readonly string[],
): Promise<Map<string, OtherRows>> {
  const known = new Map<string, OtherRows>()
  for (const dataset of names) {
    const latest = await versions.latest(project, dataset)
    if (latest)
      known.set(dataset, {
        dataset,
        version: latest.version,
        sql: 'p',
        columns: latest.schema,
        rows: latest.rowCount,
      })
  }
  return known
}

/**
 * Checks a declaration of a dataset, of any form, against the columns of its source; undefined where these cannot be
 * known at once.
 */
export function createDeclaredColumns({
  access,
  declarations,
  extensions,
  versions,
}: {
  access: SourceAccess
  declarations: Pick<Declarations, 'parseSource'>
  extensions: DataExtensions
  versions: Pick<Versions, 'latest' | 'newest'>
}): (project: string, name: string, spec: object | null, source: unknown) => Promise<CheckedCuration | undefined> {
  /** Of a source beside the server as they are; of one that must be fetched as they were when it was last read. */
  async function sourceColumns(project: string, dataset: string, config: SourceSpec): Promise<Column[] | undefined> {
    if (typeof config.path === 'string')
      try {
        return (await openSource(access, project, dataset, config, AbortSignal.timeout(checkTime))).columns
      } catch {
        // pulling it will say what is wrong with it
        return undefined
      }
    return (await versions.newest(project, dataset, documentDigest(config)))?.sourceSchema
  }
  function othersOf(given: object | null): string[] {
    const lists = (given ?? {}) as { curate?: unknown; expect?: unknown }
    const listOf = (value: unknown) => (Array.isArray(value) ? value : [])
    try {
      return datasetsOf({ curate: listOf(lists.curate), expect: listOf(lists.expect) }, extensions)
    } catch {
      // a step of a wrong form is told elsewhere
      return []
    }
  }
  return async (project, name, spec, source) => {
    const columns = await sourceColumns(project, name, declarations.parseSource(name, source))
    return (
      columns &&
      checkCuration(spec ?? {}, columns, extensions, await columnsOfOthers(versions, project, othersOf(spec)))
    )
  }
}
