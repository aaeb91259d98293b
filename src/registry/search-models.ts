import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { SqlStore } from '../storage/sql/sql-store.ts'
import { compareNumber, compareText, compileFilter } from '../tracking/filter/compile-filter.ts'
import type { Comparison } from '../tracking/filter/parse-filter.ts'
import { checkMaxResults } from '../tracking/limits.ts'
import { decodePage, nextPage } from '../tracking/page-token.ts'
import { parseAttributeOrder } from '../tracking/parse-attribute-order.ts'
import type { ModelRow, RegisteredModel } from './registered-model.ts'
import type { RegistryQuery } from './search-versions.ts'

const promptTag = 'mlflow.prompt.is_prompt'

/** Searches registered models with MLflow's filters, order and pages. `complete` makes rows into models. */
export function createModelSearch(
  store: Pick<SqlStore, 'kind' | 'read'>,
  complete: (rows: ModelRow[]) => Promise<RegisteredModel[]>,
) {
  return async (project: string, query: RegistryQuery): Promise<{ items: RegisteredModel[]; next?: string }> => {
    const limit = checkMaxResults(query.maxResults, 1000, 100)
    const { offset } = decodePage(query.pageToken)
    const condition = compileFilter(query.filter, (comparison, refuse) =>
      modelCondition(store.kind, comparison, refuse),
    )
    let select = store.read
      .selectFrom('registered_models')
      .selectAll()
      .where('project', '=', project)
      .where('state', '=', 'active')
    if (condition) select = select.where(condition)
    if (!query.filter?.includes(promptTag)) select = select.where(notPrompts)
    for (const order of query.orderBy ?? []) {
      const { column, descending } = parseAttributeOrder(order, orderColumns, 'order by name or last_updated_timestamp')
      select = select.orderBy(column, descending ? 'desc' : 'asc')
    }
    const rows = await select
      .orderBy('name')
      .limit(limit + 1)
      .offset(offset)
      .execute()
    const items = await complete(rows.slice(0, limit))
    return { items, ...nextPage(rows.length, limit, offset) }
  }
}

/** Prompts live beside models and are found only by those who ask for them, as in MLflow. */
const notPrompts = sql<SqlBool>`not exists (select 1 from registered_model_tags t where t.project = registered_models.project and t.model = registered_models.name and t.key = ${promptTag} and lower(t.value) = 'true')`

const orderColumns: Record<string, 'name' | 'updated_at' | 'created_at'> = {
  name: 'name',
  timestamp: 'updated_at',
  last_updated_timestamp: 'updated_at',
  creation_timestamp: 'created_at',
}

function modelCondition(
  store: 'sqlite' | 'postgres',
  comparison: Comparison,
  refuse: (what: string) => Error,
): RawBuilder<SqlBool> {
  const { entity, key } = comparison
  if (entity === 'tags' || entity === 'tag') {
    const having = sql`select 1 from registered_model_tags t where t.project = registered_models.project and t.model = registered_models.name and t.key = ${key}`
    if (comparison.operator === 'IS NULL') return sql`not exists (${having})`
    const found = sql<SqlBool>`exists (${having} and ${compareText(store, sql`t.value`, comparison, refuse)})`
    // MLflow's client asks for what is no prompt in this way, and means models without the tag too
    return key === promptTag && comparison.operator === '!=' ? sql`(${found} or not exists (${having}))` : found
  }
  if (entity !== undefined && !['attribute', 'attributes', 'attr'].includes(entity))
    throw refuse(`${entity} is not known here: use name or tags`)
  if (key === 'name') return compareText(store, sql`registered_models.name`, comparison, refuse)
  if (key === 'creation_timestamp') return compareNumber(sql`registered_models.created_at`, comparison, refuse)
  if (key === 'last_updated_timestamp') return compareNumber(sql`registered_models.updated_at`, comparison, refuse)
  throw refuse(`${key} is no attribute of a registered model`)
}
