import { type SqlBool, sql } from 'kysely'
import type { SqlStore } from '../../storage/sql/sql-store.ts'
import { type Attributes, compareAttribute } from '../filter/compare-attribute.ts'
import { compileFilter } from '../filter/compile-filter.ts'
import { checkMaxResults, limits } from '../limits.ts'
import { decodePage, nextPage } from '../page-token.ts'
import { parseAttributeOrder } from '../parse-attribute-order.ts'
import type { DatasetRow, EvaluationDataset } from './evaluation-dataset.ts'

export interface DatasetQuery {
  experimentIds?: readonly string[] | undefined
  filter?: string | undefined
  orderBy?: readonly string[] | undefined
  maxResults?: number | undefined
  pageToken?: string | undefined
}

/** Searches evaluation datasets with MLflow's filters, order and pages. `complete` makes rows into datasets. */
export function createDatasetSearch(
  store: Pick<SqlStore, 'kind' | 'read'>,
  complete: (rows: DatasetRow[]) => Promise<EvaluationDataset[]>,
) {
  return async (project: string, query: DatasetQuery = {}): Promise<{ items: EvaluationDataset[]; next?: string }> => {
    const limit = checkMaxResults(query.maxResults || undefined, limits.searchExperiments, 1000)
    const { offset } = decodePage(query.pageToken)
    let select = store.read.selectFrom('evaluation_datasets').selectAll().where('project', '=', project)
    const condition = compileFilter(query.filter, (comparison, refuse) =>
      compareAttribute(store.kind, attributes, comparison, refuse),
    )
    if (condition) select = select.where(condition)
    const ids = query.experimentIds ?? []
    if (ids.length > 0)
      select = select.where(
        sql<SqlBool>`exists (select 1 from evaluation_dataset_experiments e where e.dataset = evaluation_datasets.id and e.experiment in (${sql.join([...ids])}))`,
      )
    for (const order of query.orderBy?.length ? query.orderBy : ['created_time DESC']) {
      const { column, descending } = parseAttributeOrder(
        order,
        orderColumns,
        'order by name, created_time or last_update_time',
      )
      select = select.orderBy(column, descending ? 'desc' : 'asc')
    }
    const rows = await select
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .offset(offset)
      .execute()
    const items = await complete(rows.slice(0, limit))
    return { items, ...nextPage(rows.length, limit, offset) }
  }
}

const orderColumns: Record<string, 'name' | 'created_at' | 'updated_at'> = {
  name: 'name',
  created_time: 'created_at',
  last_update_time: 'updated_at',
}

const attributes: Attributes = {
  thing: 'an evaluation dataset',
  text: { name: sql.ref('name'), created_by: sql.ref('created_by'), last_updated_by: sql.ref('updated_by') },
  numbers: { created_time: sql.ref('created_at'), last_update_time: sql.ref('updated_at') },
  tags: sql`evaluation_dataset_tags t where t.dataset = evaluation_datasets.id`,
}
