import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Environment } from '../environment.ts'
import type { Experiments } from './experiments.ts'
import { compareKeyed, compareNumber, compareText, compileFilter } from './filter/compile-filter.ts'
import type { Comparison } from './filter/parse-filter.ts'
import { checkMaxResults, limits } from './limits.ts'
import { orderRuns } from './order-runs.ts'
import { decodePage, encodePage } from './page-token.ts'
import { type RunRow, readRunRows, readRuns, readRunTexts } from './read-runs.ts'
import type { RunTexts } from './run.ts'
import { runAttributes, runEntities } from './run-fields.ts'
import type { SearchQuery } from './search-query.ts'

type ListQuery = Omit<SearchQuery, 'pageToken' | 'maxResults'> & {
  experimentIds?: string[] | undefined
  limit: number
  offset: number
}

/** Searches the runs of experiments with MLflow's filters, order and pages. */
export function createRunSearch(environment: Pick<Environment, 'store'>, experiments: Experiments) {
  const { store } = environment

  const conditions = async (
    project: string,
    experimentIds: readonly string[] | undefined,
    query: SearchQuery,
  ): Promise<RawBuilder<SqlBool>[]> => {
    await experiments.ensureDefault(project)
    const where: RawBuilder<SqlBool>[] = experimentIds === undefined ? [sql`runs.project = ${project}`] : []
    if (experimentIds !== undefined) {
      if (experimentIds.length === 0) return [sql`1 = 0`]
      const rows = await store.read
        .selectFrom('experiments')
        .select('number')
        .where('project', '=', project)
        .where('id', 'in', [...experimentIds])
        .execute()
      if (rows.length === 0) return [sql`1 = 0`]
      where.push(sql`runs.experiment in (${sql.join(rows.map((row) => row.number))})`)
    }
    if (query.view !== 'ALL') where.push(sql`runs.state = ${query.view === 'DELETED_ONLY' ? 'deleted' : 'active'}`)
    const filter = compileFilter(query.filter, (comparison, refuse) => runCondition(store.kind, comparison, refuse))
    if (filter) where.push(sql`${filter}`)
    return where
  }
  const all = (where: RawBuilder<SqlBool>[]) => sql<SqlBool>`${sql.join(where, sql` and `)}`
  const rowsOf = async (
    where: RawBuilder<SqlBool>[],
    order: RawBuilder<unknown>,
    limit: number,
    offset: number,
  ): Promise<RunRow[]> => {
    // numbers first: sorting whole rows would cost more than finding them
    const { rows } = await sql<{ number: number }>`select runs.number from runs where ${all(where)}
      order by ${order} limit ${limit + offset}`.execute(store.read)
    // with an OFFSET, SQLite would look into every key and value once more instead of joining them
    const numbers = rows.slice(offset).map((row) => Number(row.number))
    return readRunRows(store.kind, store.readQuery, numbers)
  }

  /** As `list`, without what the runs have logged. */
  const facts = async (project: string, query: ListQuery) => {
    const where = await conditions(project, query.experimentIds, query)
    const counted = await sql<{ count: number }>`select count(*) as count from runs where ${all(where)}`.execute(
      store.read,
    )
    return {
      items: await rowsOf(where, orderRuns(query.orderBy ?? []), query.limit, query.offset),
      total: Number(counted.rows[0]!.count),
    }
  }

  return {
    /** One page of runs, ready for an answer. Pages stay stable while runs are added. Errors: `filter_invalid`, `invalid_input`. */
    async search(
      project: string,
      experimentIds: readonly string[],
      query: SearchQuery = {},
    ): Promise<{ items: RunTexts[]; next?: string }> {
      const limit = checkMaxResults(query.maxResults, limits.searchRuns, 1000)
      const page = decodePage(query.pageToken)
      // before anything is read (the sign keeps the planner from finding runs by it): what is added from now on is on no page of this search
      const head = page.head ?? (await newest())
      const where = [sql<SqlBool>`+runs.number <= ${head}`, ...(await conditions(project, experimentIds, query))]
      const rows = await rowsOf(where, orderRuns(query.orderBy ?? []), limit + 1, page.offset)
      const items = await readRunTexts(store.kind, store.readQuery, rows.slice(0, limit))
      if (rows.length <= limit) return { items }
      return { items, next: encodePage({ offset: page.offset + limit, head }) }
    },

    /** What a filter means in SQL, for queries of one's own over `runs`. Errors: `filter_invalid`. */
    async matching(
      project: string,
      query: Pick<SearchQuery, 'filter' | 'view'> & { experimentIds?: string[] | undefined },
    ) {
      return all(await conditions(project, query.experimentIds, query))
    },

    facts,

    /** Ids of the runs in their order, at most `limit`. */
    async ids(
      project: string,
      query: Omit<SearchQuery, 'pageToken' | 'maxResults'> & { experimentIds?: string[] | undefined; limit: number },
    ): Promise<string[]> {
      const where = await conditions(project, query.experimentIds, query)
      const order = orderRuns(query.orderBy ?? [])
      const { rows } = await sql<{ id: string }>`select runs.id from runs where ${all(where)}
        order by ${order} limit ${query.limit}`.execute(store.read)
      return rows.map(({ id }) => id)
    },

    /** Runs of a project, or of some of its experiments, with how many there are in all. */
    async list(project: string, query: ListQuery) {
      const { items, total } = await facts(project, query)
      return { items: await readRuns(store.kind, store.readQuery, items), total }
    },
  }

  async function newest(): Promise<number> {
    const [row] = await store.readQuery<{ head: number | null }>('select max(number) as head from runs', [])
    return row!.head ?? 0
  }
}

function runCondition(
  store: 'sqlite' | 'postgres',
  comparison: Comparison,
  refuse: (what: string) => Error,
): RawBuilder<SqlBool> {
  const { key, operator } = comparison
  const entity = comparison.entity === undefined ? 'attribute' : runEntities[comparison.entity]
  switch (entity) {
    case 'metric': {
      const having = sql`select 1 from metric_series m where m.run = runs.number and m.key = ${key}`
      if (operator === 'IS NULL') return sql`not exists (${having})`
      // Infinity stands for NaN, which is greater than nothing
      return sql`exists (${having} and ${compareNumber(sql`m.value`, comparison, refuse)} and m.value <= ${Number.MAX_VALUE})`
    }
    case 'param':
    case 'tag': {
      const table = entity === 'param' ? sql`run_params` : sql`run_tags`
      const having = sql`select 1 from ${table} p where p.run = runs.number and p.key = ${key}`
      return compareKeyed(store, having, sql`p.value`, comparison, refuse)
    }
    case 'dataset': {
      const inputs = sql`select 1 from run_inputs i join input_datasets d on d.number = i.dataset where i.run = runs.number`
      if (key === 'name' || key === 'digest')
        return sql`exists (${inputs} and ${compareText(store, sql.ref(`d.${key}`), comparison, refuse)})`
      if (key !== 'context') throw refuse(`datasets have name, digest and context, no ${key}`)
      const context = store === 'sqlite' ? sql`json_extract(t.value, '$.value')` : sql`t.value ->> 'value'`
      const each = store === 'sqlite' ? sql`json_each(i.tags) t` : sql`json_array_elements(i.tags::json) t(value)`
      const named = store === 'sqlite' ? sql`json_extract(t.value, '$.key')` : sql`t.value ->> 'key'`
      return sql`exists (${inputs} and exists (select 1 from ${each} where ${named} = 'mlflow.data.context' and ${compareText(store, context, comparison, refuse)}))`
    }
    case 'attribute': {
      const attribute = runAttributes[key] ?? runAttributes[key.toLowerCase()]
      if (!attribute) throw refuse(`${key} is no attribute of a run: use ${Object.keys(runAttributes).join(', ')}`)
      return attribute.type === 'number'
        ? compareNumber(attribute.column, comparison, refuse)
        : compareText(store, attribute.column, comparison, refuse)
    }
    default:
      throw refuse(`${comparison.entity} is not known: use metrics, params, tags, attributes or datasets`)
  }
}
