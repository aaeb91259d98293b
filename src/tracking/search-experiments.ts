import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { SqlStore } from '../storage/sql/sql-store.ts'
import type { Experiment, ExperimentRow } from './experiment.ts'
import { compareKeyed, compareNumber, compareText, compileFilter } from './filter/compile-filter.ts'
import type { Comparison } from './filter/parse-filter.ts'
import { checkMaxResults, limits } from './limits.ts'
import { decodePage, nextPage } from './page-token.ts'
import { parseAttributeOrder } from './parse-attribute-order.ts'
import type { SearchQuery } from './search-query.ts'

/** Searches experiments with MLflow's filters, order and pages. `complete` makes rows into experiments. */
export function createExperimentSearch(
  store: Pick<SqlStore, 'kind' | 'read'>,
  {
    ensureDefault,
    complete,
  }: { ensureDefault(project: string): Promise<void>; complete(rows: ExperimentRow[]): Promise<Experiment[]> },
) {
  return async (project: string, query: SearchQuery = {}): Promise<{ items: Experiment[]; next?: string }> => {
    await ensureDefault(project)
    const limit = checkMaxResults(query.maxResults, limits.searchExperiments, 1000)
    const { offset } = decodePage(query.pageToken)
    const condition = compileFilter(query.filter, (comparison, refuse) =>
      experimentCondition(store.kind, comparison, refuse),
    )
    let select = store.read.selectFrom('experiments').selectAll().where('project', '=', project)
    if (condition) select = select.where(condition)
    if (query.view !== 'ALL') select = select.where('state', '=', query.view === 'DELETED_ONLY' ? 'deleted' : 'active')
    for (const order of query.orderBy ?? []) {
      const { column, descending } = parseAttributeOrder(
        order,
        orderColumns,
        'order by name, experiment_id, creation_time or last_update_time',
      )
      select = select.orderBy(column, descending ? 'desc' : 'asc')
    }
    if (!query.orderBy?.length) select = select.orderBy('created_at', 'desc')
    const rows = await select
      .orderBy('number', 'desc')
      .limit(limit + 1)
      .offset(offset)
      .execute()
    const items = await complete(rows.slice(0, limit))
    return { items, ...nextPage(rows.length, limit, offset) }
  }
}

const orderColumns: Record<string, 'name' | 'number' | 'created_at' | 'updated_at'> = {
  name: 'name',
  experiment_id: 'number',
  creation_time: 'created_at',
  last_update_time: 'updated_at',
}

function experimentCondition(
  store: 'sqlite' | 'postgres',
  comparison: Comparison,
  refuse: (what: string) => Error,
): RawBuilder<SqlBool> {
  const { entity, key } = comparison
  if (entity === 'tags' || entity === 'tag') {
    const having = sql`select 1 from experiment_tags t where t.experiment = experiments.number and t.key = ${key}`
    return compareKeyed(store, having, sql`t.value`, comparison, refuse)
  }
  if (entity !== undefined && entity !== 'attribute' && entity !== 'attributes' && entity !== 'attr')
    throw refuse(`${entity} is not known here: use attributes or tags`)
  if (key === 'name') return compareText(store, sql`experiments.name`, comparison, refuse)
  if (key === 'experiment_id') return compareText(store, sql`experiments.id`, comparison, refuse)
  if (key === 'creation_time') return compareNumber(sql`experiments.created_at`, comparison, refuse)
  if (key === 'last_update_time') return compareNumber(sql`experiments.updated_at`, comparison, refuse)
  throw refuse(`${key} is no attribute of an experiment`)
}
