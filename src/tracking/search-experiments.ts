import { sql } from 'kysely'
import type { SqlStore } from '../storage/sql/sql-store.ts'
import type { Experiment, ExperimentRow } from './experiment.ts'
import { type Attributes, compareAttribute } from './filter/compare-attribute.ts'
import { compileFilter } from './filter/compile-filter.ts'
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
      compareAttribute(store.kind, attributes, comparison, refuse),
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

const attributes: Attributes = {
  thing: 'an experiment',
  text: { name: sql`experiments.name`, experiment_id: sql`experiments.id` },
  numbers: { creation_time: sql`experiments.created_at`, last_update_time: sql`experiments.updated_at` },
  tags: sql`experiment_tags t where t.experiment = experiments.number`,
}
