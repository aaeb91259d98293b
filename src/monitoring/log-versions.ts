import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { ChangeContext } from '../journal/journal.ts'
import type { EndpointKey } from './stale.ts'

export interface LoggedVersion {
  /** the caller's name of it */
  version: string
  /** the number by which scores, windows and comparisons know it */
  revision: number
  /** when it was logged first */
  createdAt: number
}

/** More are a mistake: a time or an id in the column of the version. */
const most = 1000

/** Versions of models that are served elsewhere have names of any form; each becomes a revision when it is logged first. */
export function createLoggedVersions({ store, journal }: Pick<Environment, 'store' | 'journal'>) {
  async function list({ project, endpoint }: EndpointKey, db = store.read): Promise<LoggedVersion[]> {
    const rows = await db
      .selectFrom('logged_versions')
      .select(['version', 'revision', 'created_at'])
      .where('project', '=', project)
      .where('endpoint', '=', endpoint)
      .orderBy('revision')
      .execute()
    return rows.map(({ created_at, ...row }) => ({ ...row, createdAt: Number(created_at) }))
  }
  const numbers = (known: readonly LoggedVersion[]) =>
    new Map([['', 0], ...known.map(({ version, revision }) => [version, revision] as const)])

  return {
    list,

    /** The revision behind each name; names that are new get one. No name is revision 0. Errors: `too_large`. */
    async revisions(
      context: ChangeContext,
      key: EndpointKey,
      versions: Iterable<string>,
    ): Promise<ReadonlyMap<string, number>> {
      const wanted = [...new Set(versions)]
      const known = numbers(await list(key))
      if (wanted.every((version) => known.has(version))) return known
      return journal.change(context, async (change) => {
        await change.lock(`logged-versions/${key.project}/${key.endpoint}`)
        const found = await list(key, change.db)
        const all = numbers(found)
        let last = found.at(-1)?.revision ?? 0
        for (const version of wanted.filter((one) => !all.has(one))) {
          if (all.size > most)
            throw new KedgeError(
              'too_large',
              { what: 'The number of versions', limit: most },
              { todo: 'Name the version of the model; a time or an id of each prediction is none.' },
            )
          const revision = ++last
          all.set(version, revision)
          await change.db
            .insertInto('logged_versions')
            .values({ ...key, version, revision, created_at: change.now })
            .execute()
          change.append({
            type: 'endpoint.version_logged',
            project: key.project,
            subject: `endpoint/${key.endpoint}`,
            data: { endpoint: key.endpoint, version, revision },
          })
        }
        return all
      })
    },
  }
}

export type LoggedVersions = ReturnType<typeof createLoggedVersions>
