import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import { checkLength } from './limits.ts'

export interface RunView {
  name: string
  /** the table's part of the address: filter, order, columns */
  query: string
  actor: string
  updatedAt: number
}

const mostViews = 500
const longestName = 100
const longestQuery = 100_000

/** Named settings of the table of runs, shared by everybody who sees the project. */
export function createRunViews({ store }: Pick<Environment, 'store'>) {
  return {
    async list(project: string): Promise<RunView[]> {
      const rows = await store.read
        .selectFrom('run_views')
        .selectAll()
        .where('project', '=', project)
        .orderBy('name')
        .execute()
      return rows.map(({ name, query, actor, updated_at }) => ({ name, query, actor, updatedAt: updated_at }))
    },

    /** Saves a view, or what a view of this name shows from now on. Errors: `invalid_input`, `too_large`. */
    async put(actor: string, project: string, name: string, query: string): Promise<void> {
      checkLength(name, longestName, 'name')
      checkLength(query, longestQuery, 'query')
      await store.write(async ({ db, now }) => {
        const { count } = await db
          .selectFrom('run_views')
          .select((e) => e.fn.countAll<number>().as('count'))
          .where('project', '=', project)
          .where('name', '!=', name)
          .executeTakeFirstOrThrow()
        if (Number(count) >= mostViews)
          throw new KedgeError('too_large', { what: 'The list of saved views', limit: `${mostViews} views` })
        await db
          .insertInto('run_views')
          .values({ project, name, query, actor, updated_at: now })
          .onConflict((c) => c.columns(['project', 'name']).doUpdateSet({ query, actor, updated_at: now }))
          .execute()
      })
    },

    /** Forgets a view. Errors: `not_found`. */
    async delete(project: string, name: string): Promise<void> {
      const { numDeletedRows } = await store.write(({ db }) =>
        db.deleteFrom('run_views').where('project', '=', project).where('name', '=', name).executeTakeFirstOrThrow(),
      )
      if (numDeletedRows === 0n) throw new KedgeError('not_found', { kind: 'Saved view', name })
    },
  }
}
