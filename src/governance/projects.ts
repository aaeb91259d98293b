import type { Environment } from '../environment.ts'
import { KedgeError } from '../errors.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'

export interface Projects {
  /** Creates the project unless it exists. */
  ensure(context: ChangeContext, name: string): Promise<void>
  ensureIn(change: Change, name: string): Promise<void>
  list(): Promise<{ name: string; createdAt: number }[]>
  /** Errors: `not_found`. */
  get(name: string): Promise<{ name: string; createdAt: number }>
}

export const projectName = /^[a-z0-9][a-z0-9_-]{0,62}$/

/** Projects: made at their first use, or on their own. */
export function createProjects({ store, journal }: Pick<Environment, 'store' | 'journal'>): Projects {
  const projects: Projects = {
    ensure: (context, name) => journal.change(context, (change) => projects.ensureIn(change, name)),
    async ensureIn(change, name) {
      if (!projectName.test(name))
        throw new KedgeError('invalid_input', {
          what: `"${name}" is not a project name: lower-case letters, digits, - and _, at most 63`,
        })
      const added = await change.db
        .insertInto('projects')
        .values({ name, created_at: change.now })
        .onConflict((c) => c.column('name').doNothing())
        .returning('name')
        .executeTakeFirst()
      if (added) change.append({ type: 'project.created', project: name, subject: `project/${name}`, data: { name } })
    },
    async list() {
      const rows = await store.read.selectFrom('projects').selectAll().orderBy('name').execute()
      return rows.map((row) => ({ name: row.name, createdAt: row.created_at }))
    },
    async get(name) {
      const row = await store.read.selectFrom('projects').selectAll().where('name', '=', name).executeTakeFirst()
      if (!row) throw new KedgeError('not_found', { kind: 'Project', name })
      return { name: row.name, createdAt: row.created_at }
    },
  }
  return projects
}
