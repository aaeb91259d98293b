import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { SqlStore } from '../storage/sql/sql-store.ts'
import { compareNumber, compareText, compileFilter } from '../tracking/filter/compile-filter.ts'
import type { Comparison } from '../tracking/filter/parse-filter.ts'
import { checkMaxResults, limits } from '../tracking/limits.ts'
import { decodePage, nextPage } from '../tracking/page-token.ts'
import { parseAttributeOrder } from '../tracking/parse-attribute-order.ts'
import type { ModelVersion, ModelVersionRow } from './model-version.ts'

export interface RegistryQuery {
  filter?: string | undefined
  orderBy?: string[] | undefined
  maxResults?: number | undefined
  pageToken?: string | undefined
}

/** Searches model versions with MLflow's filters, order and pages. `complete` makes rows into versions. */
export function createVersionSearch(
  store: Pick<SqlStore, 'kind' | 'read'>,
  complete: (rows: ModelVersionRow[]) => Promise<ModelVersion[]>,
) {
  return async (project: string, query: RegistryQuery): Promise<{ items: ModelVersion[]; next?: string }> => {
    const limit = checkMaxResults(query.maxResults, limits.searchVersions, 10_000)
    const { offset } = decodePage(query.pageToken)
    const condition = compileFilter(query.filter, (comparison, refuse) =>
      versionCondition(store.kind, comparison, refuse),
    )
    let select = store.read
      .selectFrom('model_versions')
      .selectAll()
      .where('project', '=', project)
      .where('state', '=', 'active')
    if (condition) select = select.where(condition)
    for (const order of query.orderBy ?? []) {
      const { column, descending } = parseAttributeOrder(
        order,
        orderColumns,
        'order by name, version_number, creation_timestamp or last_updated_timestamp',
      )
      select = select.orderBy(column, descending ? 'desc' : 'asc')
    }
    if (!query.orderBy?.length) select = select.orderBy('updated_at', 'desc')
    const rows = await select
      .orderBy('model')
      .orderBy('version', 'desc')
      .limit(limit + 1)
      .offset(offset)
      .execute()
    const items = await complete(rows.slice(0, limit))
    return { items, ...nextPage(rows.length, limit, offset) }
  }
}

const orderColumns: Record<string, 'model' | 'version' | 'created_at' | 'updated_at'> = {
  name: 'model',
  version_number: 'version',
  creation_timestamp: 'created_at',
  last_updated_timestamp: 'updated_at',
}

function versionCondition(
  store: 'sqlite' | 'postgres',
  comparison: Comparison,
  refuse: (what: string) => Error,
): RawBuilder<SqlBool> {
  const { entity, key } = comparison
  if (entity === 'tags' || entity === 'tag') {
    const having = sql`select 1 from model_version_tags t where t.project = model_versions.project and t.model = model_versions.model and t.version = model_versions.version and t.key = ${key}`
    if (comparison.operator === 'IS NULL') return sql`not exists (${having})`
    const found = sql<SqlBool>`exists (${having} and ${compareText(store, sql`t.value`, comparison, refuse)})`
    return key.startsWith('mlflow.prompt.') && comparison.operator === '!='
      ? sql`(${found} or not exists (${having}))`
      : found
  }
  if (entity !== undefined && !['attribute', 'attributes', 'attr'].includes(entity))
    throw refuse(`${entity} is not known here: use name, run_id, source_path, version_number or tags`)
  if (key === 'name') return compareText(store, sql`model_versions.model`, comparison, refuse)
  if (key === 'run_id') return compareText(store, sql`model_versions.run_id`, comparison, refuse)
  if (key === 'source_path' || key === 'source')
    return compareText(store, sql`model_versions.source`, comparison, refuse)
  if (key === 'version_number' || key === 'version')
    return compareNumber(sql`model_versions.version`, comparison, refuse)
  if (key === 'current_stage') return compareText(store, sql`model_versions.stage`, comparison, refuse)
  if (key === 'creation_timestamp') return compareNumber(sql`model_versions.created_at`, comparison, refuse)
  if (key === 'last_updated_timestamp') return compareNumber(sql`model_versions.updated_at`, comparison, refuse)
  throw refuse(`${key} is no attribute of a model version`)
}
