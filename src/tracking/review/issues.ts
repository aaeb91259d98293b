import { randomUUID } from 'node:crypto'
import { type RawBuilder, type Selectable, type SqlBool, sql } from 'kysely'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import type { Change, ChangeContext } from '../../journal/journal.ts'
import type { IssueSeverity, IssueStatus, ReviewTables } from '../../storage/sql/tables/review.ts'
import type { Experiments } from '../experiments.ts'
import { compareText, compileFilter } from '../filter/compile-filter.ts'
import { checkMaxResults, limits } from '../limits.ts'
import { decodePage, nextPage } from '../page-token.ts'

export const issueStatuses: readonly IssueStatus[] = ['pending', 'rejected', 'resolved']
/** From the lowest on. */
export const issueSeverities: readonly IssueSeverity[] = ['not_an_issue', 'low', 'medium', 'high']

export interface NewIssue {
  experimentId: string
  name: string
  description: string
  status?: IssueStatus | undefined
  severity?: IssueSeverity | undefined
  rootCauses: readonly string[]
  categories: readonly string[]
  sourceRun?: string | undefined
  createdBy?: string | undefined
}

export type Issue = Selectable<ReviewTables['issues']> & { traces?: number }

/** Issues: what is wrong with traces of an experiment. A trace has one by an assessment with the issue's id as name. */
export function createIssues({ store, journal }: Pick<Environment, 'store' | 'journal'>, experiments: Experiments) {
  async function find(db: Change['db'], project: string, id: string): Promise<Issue> {
    const row = await db
      .selectFrom('issues')
      .selectAll()
      .where('id', '=', id)
      .where('project', '=', project)
      .executeTakeFirst()
    if (!row) throw new KedgeError('not_found', { kind: 'Issue with ID', name: `'${id}'` })
    return row
  }
  const say = (change: Change, type: 'issue.created' | 'issue.changed', { id, project, name, status }: Issue) =>
    change.append({ type, project, subject: `issue/${id}`, data: { issue: id, name, status } })

  return {
    get: (project: string, id: string): Promise<Issue> => find(store.read, project, id),

    async create(context: ChangeContext, project: string, issue: NewIssue): Promise<Issue> {
      await experiments.get(project, issue.experimentId)
      return journal.change(context, async (change) => {
        const row: Issue = {
          id: `iss-${randomUUID().replaceAll('-', '')}`,
          project,
          experiment: issue.experimentId,
          name: issue.name,
          description: issue.description,
          status: issue.status ?? 'pending',
          severity: issue.severity ?? null,
          root_causes: JSON.stringify(issue.rootCauses),
          categories: JSON.stringify(issue.categories),
          source_run: issue.sourceRun || null,
          created_by: issue.createdBy || null,
          created_at: change.now,
          updated_at: change.now,
        }
        await change.db.insertInto('issues').values(row).execute()
        say(change, 'issue.created', row)
        return row
      })
    },

    /** Changes the fields that are given. */
    update: (
      context: ChangeContext,
      project: string,
      id: string,
      fields: Partial<Pick<Issue, 'name' | 'description' | 'status' | 'severity'>>,
    ): Promise<Issue> =>
      journal.change(context, async (change) => {
        const row = { ...(await find(change.db, project, id)), ...fields, updated_at: change.now }
        await change.db.updateTable('issues').set(row).where('id', '=', id).execute()
        say(change, 'issue.changed', row)
        return row
      }),

    /** The most severe first, then the newest; with the number of traces that have it where that is asked for. */
    async search(
      project: string,
      query: {
        experimentId?: string | undefined
        filter?: string | undefined
        maxResults?: number | undefined
        pageToken?: string | undefined
        countTraces?: boolean | undefined
      },
    ): Promise<{ items: Issue[]; next?: string }> {
      const limit = checkMaxResults(query.maxResults || undefined, limits.searchExperiments, 100)
      const { offset } = decodePage(query.pageToken)
      const condition = compileFilter(query.filter, (comparison, refuse): RawBuilder<SqlBool> => {
        if (comparison.key === 'status') return compareText(store.kind, sql`status`, comparison, refuse)
        if (comparison.key === 'source_run_id') return compareText(store.kind, sql`source_run`, comparison, refuse)
        throw refuse(`${comparison.key} is no attribute of an issue: use status or source_run_id`)
      })
      const rank = sql`case severity ${sql.join(
        issueSeverities.map((severity, i) => sql`when ${severity} then ${sql.lit(i)}`),
        sql` `,
      )} else -1 end`
      const count = sql`(select count(distinct a.trace) from assessments a where a.name = issues.id and a.kind = 'issue')`
      const traces = query.countTraces ? sql`, ${count} as traces` : sql``
      const { rows } = await sql<Issue>`select issues.* ${traces} from issues where project = ${project}
        ${query.experimentId ? sql`and experiment = ${query.experimentId}` : sql``} ${condition ? sql`and ${condition}` : sql``}
        order by ${rank} desc ${query.countTraces ? sql`, ${count} desc` : sql``}, created_at desc, id desc
        limit ${limit + 1} offset ${offset}`.execute(store.read)
      return { items: rows.slice(0, limit), ...nextPage(rows.length, limit, offset) }
    },
  }
}
