import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { SqlStore } from '../../storage/sql/sql-store.ts'
import { compareKeyed, compareNumber, compareText, compileFilter } from '../filter/compile-filter.ts'
import type { Comparison } from '../filter/parse-filter.ts'
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
      datasetCondition(store.kind, comparison, refuse),
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

function datasetCondition(
  store: 'sqlite' | 'postgres',
  comparison: Comparison,
  refuse: (what: string) => Error,
): RawBuilder<SqlBool> {
  const { entity, key } = comparison
  if (entity === 'tags' || entity === 'tag') {
    const having = sql`select 1 from evaluation_dataset_tags t where t.dataset = evaluation_datasets.id and t.key = ${key}`
    return compareKeyed(store, having, sql`t.value`, comparison, refuse)
  }
  if (entity !== undefined && !['attribute', 'attributes', 'attr'].includes(entity))
    throw refuse(`${entity} is not known here: use attributes or tags`)
  if (key === 'name' || key === 'created_by') return compareText(store, sql.ref(key), comparison, refuse)
  if (key === 'last_updated_by') return compareText(store, sql`updated_by`, comparison, refuse)
  if (key === 'created_time') return compareNumber(sql`created_at`, comparison, refuse)
  if (key === 'last_update_time') return compareNumber(sql`updated_at`, comparison, refuse)
  throw refuse(`${key} is no attribute of an evaluation dataset`)
}
