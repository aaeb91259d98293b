import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Environment } from '../../environment.ts'
import type { Experiments } from '../experiments.ts'
import { checkMaxResults } from '../limits.ts'
import { decodePage, encodePage } from '../page-token.ts'
import { correlation } from './correlation.ts'
import { traceLimits } from './limits.ts'
import { orderTraces } from './order-traces.ts'
import { readTraces, type TraceInfoRow, traceColumns } from './read-traces.ts'
import type { TraceInfo } from './trace.ts'
import { traceCondition } from './trace-filter.ts'

export interface TraceQuery {
  filter?: string | undefined
  orderBy?: readonly string[] | undefined
  maxResults?: number | undefined
  pageToken?: string | undefined
}

/** Searches traces with MLflow's filters, order and pages. */
export function createTraceSearch(environment: Pick<Environment, 'store'>, experiments: Experiments) {
  const { store } = environment

  const conditions = async (
    project: string,
    experimentIds: readonly string[] | undefined,
    filter: string | undefined,
  ): Promise<RawBuilder<SqlBool>[]> => {
    const condition = traceCondition(store.kind, filter)
    await experiments.ensureDefault(project)
    const where: RawBuilder<SqlBool>[] = []
    if (experimentIds === undefined) where.push(sql`traces.project = ${project}`)
    else if (experimentIds.length === 0) return [sql`1 = 0`]
    else {
      const found = await store.read
        .selectFrom('experiments')
        .select('number')
        .where('project', '=', project)
        .where('id', 'in', [...experimentIds])
        .execute()
      if (found.length === 0) return [sql`1 = 0`]
      // one alone can be read in its order
      where.push(
        found.length === 1
          ? sql`traces.experiment = ${found[0]!.number}`
          : sql`traces.experiment in (${sql.join(found.map(({ number }) => number))})`,
      )
    }
    if (condition) where.push(condition)
    return where
  }
  const from = (where: readonly RawBuilder<SqlBool>[]) =>
    sql`from traces join experiments on experiments.number = traces.experiment where ${sql.join([...where], sql` and `)}`
  const rowsOf = async (
    where: readonly RawBuilder<SqlBool>[],
    orderBy: readonly string[] | undefined,
    limit: number,
    offset: number,
  ) =>
    (
      await sql<TraceInfoRow>`select ${traceColumns} ${from(where)} order by ${orderTraces(orderBy ?? [])} limit ${limit} offset ${offset}`.execute(
        store.read,
      )
    ).rows
  const count = async (where: readonly RawBuilder<SqlBool>[]): Promise<number> =>
    Number((await sql<{ count: number }>`select count(*) as count ${from(where)}`.execute(store.read)).rows[0]!.count)

  return {
    /** One page of traces. Pages stay stable while traces are added. Errors: `filter_invalid`, `invalid_input`. */
    async search(
      project: string,
      experimentIds: readonly string[],
      query: TraceQuery = {},
    ): Promise<{ items: TraceInfo[]; next?: string }> {
      const limit = checkMaxResults(query.maxResults, traceLimits.search, 100)
      const page = decodePage(query.pageToken)
      const where = await conditions(project, experimentIds, query.filter)
      if (page.head !== undefined) where.push(sql`traces.number <= ${page.head}`)
      const rows = await rowsOf(where, query.orderBy, limit + 1, page.offset)
      const items = await readTraces(store.read, rows.slice(0, limit))
      if (rows.length <= limit) return { items }
      const head = page.head ?? (await newest())
      return { items, next: encodePage({ offset: page.offset + limit, head }) }
    },

    /** Traces of a project, or of some of its experiments, with how many there are in all. */
    async list(
      project: string,
      query: {
        experimentIds?: readonly string[] | undefined
        filter?: string | undefined
        orderBy?: readonly string[] | undefined
        limit: number
        offset: number
      },
    ): Promise<{ items: TraceInfo[]; total: number }> {
      const where = await conditions(project, query.experimentIds, query.filter)
      const [total, rows] = await Promise.all([count(where), rowsOf(where, query.orderBy, query.limit, query.offset)])
      return { items: await readTraces(store.read, rows), total }
    },

    /** How far two filters are met by the same traces, of those that meet `base`. Errors: `filter_invalid`. */
    async correlate(
      project: string,
      experimentIds: readonly string[],
      filters: { first: string; second: string; base?: string | undefined },
    ) {
      const base = await conditions(project, experimentIds, filters.base)
      const counted = (...some: string[]) =>
        count([...base, ...some.flatMap((filter) => traceCondition(store.kind, filter) ?? [])])
      const [total, first, second, joint] = await Promise.all([
        counted(),
        counted(filters.first),
        counted(filters.second),
        counted(filters.first, filters.second),
      ])
      const counts = { total, first, second, joint }
      return { ...counts, ...correlation(counts) }
    },
  }

  async function newest(): Promise<number> {
    const row = await store.read
      .selectFrom('traces')
      .select(sql<number>`max(number)`.as('head'))
      .executeTakeFirstOrThrow()
    return Number(row.head)
  }
}
