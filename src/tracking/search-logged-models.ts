import { type RawBuilder, type SqlBool, sql } from 'kysely'
import { KedgeError } from '../errors.ts'
import type { SqlStore } from '../storage/sql/sql-store.ts'
import { compareKeyed, compareNumber, compareText, compileFilter } from './filter/compile-filter.ts'
import { namedFields } from './filter/named-fields.ts'
import type { Comparison } from './filter/parse-filter.ts'
import { checkMaxResults, limits } from './limits.ts'
import type { LoggedModel, LoggedModelRow } from './logged-model.ts'
import { decodePage, nextPage } from './page-token.ts'

export interface LoggedModelOrder {
  field: string
  ascending?: boolean | undefined
  datasetName?: string | undefined
  datasetDigest?: string | undefined
}

export interface LoggedModelQuery {
  experimentIds: readonly string[]
  filter?: string | undefined
  datasets?: readonly { name: string; digest?: string | undefined }[]
  orderBy?: readonly LoggedModelOrder[]
  maxResults?: number | undefined
  pageToken?: string | undefined
}

/** Searches logged models with MLflow's filters, order and pages. `complete` makes rows into models. */
export function createLoggedModelSearch(
  store: Pick<SqlStore, 'kind' | 'read'>,
  complete: (rows: LoggedModelRow[]) => Promise<LoggedModel[]>,
) {
  return async (project: string, query: LoggedModelQuery): Promise<{ items: LoggedModel[]; next?: string }> => {
    const limit = checkMaxResults(query.maxResults, limits.searchRuns, 100)
    const { offset } = decodePage(query.pageToken)
    if (query.experimentIds.length === 0) return { items: [] }
    const datasets = query.datasets ?? []
    let comparesMetric = false
    const condition = compileFilter(query.filter, (comparison, refuse) => {
      comparesMetric ||= isMetric(comparison.entity)
      return modelCondition(store.kind, comparison, datasets, refuse)
    })
    // datasets without a comparison of metrics: whatever has any metric on them
    const measured = comparesMetric ? undefined : onDatasets(datasets)
    const order = sql.join([
      ...(query.orderBy ?? []).map(modelOrder),
      sql`logged_models.created_at desc`,
      sql`logged_models.id`,
    ])
    const { rows } =
      await sql<LoggedModelRow>`select logged_models.* from logged_models join experiments on experiments.number = logged_models.experiment
      where logged_models.project = ${project} and logged_models.state = 'active' and experiments.id in (${sql.join([...query.experimentIds])})
      ${condition ? sql`and ${condition}` : sql``}
      ${measured ? sql`and exists (select 1 from logged_model_metrics m where m.model = logged_models.id and ${measured})` : sql``} order by ${order} limit ${limit + 1} offset ${offset}`.execute(
        store.read,
      )
    const items = await complete(rows.slice(0, limit))
    return { items, ...nextPage(rows.length, limit, offset) }
  }
}

const textAttributes = namedFields<RawBuilder<unknown>>({
  name: sql`logged_models.name`,
  model_id: sql`logged_models.id`,
  model_type: sql`logged_models.type`,
  status: sql`replace(logged_models.status, 'LOGGED_MODEL_', '')`,
  source_run_id: sql`logged_models.source_run`,
})
const timeAttributes = namedFields<RawBuilder<unknown>>({
  creation_timestamp: sql`logged_models.created_at`,
  creation_time: sql`logged_models.created_at`,
  last_updated_timestamp: sql`logged_models.updated_at`,
  last_updated_time: sql`logged_models.updated_at`,
})

const isMetric = (entity: string | undefined) => entity === 'metrics' || entity === 'metric'

/** That a metric (as `m`) was measured on one of the datasets; undefined when none is named. */
function onDatasets(datasets: NonNullable<LoggedModelQuery['datasets']>): RawBuilder<SqlBool> | undefined {
  if (datasets.length === 0) return undefined
  const of = datasets.map(({ name, digest }) =>
    digest ? sql`(m.dataset_name = ${name} and m.dataset_digest = ${digest})` : sql`m.dataset_name = ${name}`,
  )
  return sql`(${sql.join(of, sql` or `)})`
}

function modelCondition(
  store: 'sqlite' | 'postgres',
  comparison: Comparison,
  datasets: readonly { name: string; digest?: string | undefined }[],
  refuse: (what: string) => Error,
): RawBuilder<SqlBool> {
  const { entity, key } = comparison
  if (isMetric(entity)) {
    const of = onDatasets(datasets)
    const only = of ? sql`and ${of}` : sql``
    const having = sql`select 1 from logged_model_metrics m where m.model = logged_models.id and m.key = ${key} ${only}`
    if (comparison.operator === 'IS NULL') return sql`not exists (${having})`
    // Infinity stands for NaN, which is greater than nothing
    return sql`exists (${having} and ${compareNumber(sql`m.value`, comparison, refuse)} and m.value <= ${Number.MAX_VALUE})`
  }
  if (entity === 'params' || entity === 'param' || entity === 'tags' || entity === 'tag') {
    const table = entity.startsWith('param') ? sql`logged_model_params` : sql`logged_model_tags`
    const having = sql`select 1 from ${table} p where p.model = logged_models.id and p.key = ${key}`
    return compareKeyed(store, having, sql`p.value`, comparison, refuse)
  }
  if (entity !== undefined && !['attribute', 'attributes', 'attr'].includes(entity))
    throw refuse(`${entity} is not known: use metrics, params, tags or attributes`)
  const text = textAttributes[key]
  if (text) return compareText(store, text, comparison, refuse)
  const time = timeAttributes[key]
  if (time) return compareNumber(time, comparison, refuse)
  throw refuse(`${key} is no attribute of a logged model`)
}

function modelOrder(order: LoggedModelOrder): RawBuilder<unknown> {
  const direction = order.ascending === false ? sql`desc` : sql`asc`
  const metric = /^metrics?\.(.+)$/.exec(order.field)
  if (metric) {
    const key = metric[1]!.replace(/^[`"](.*)[`"]$/, '$1')
    const only = sql`${order.datasetName ? sql`and m.dataset_name = ${order.datasetName}` : sql``} ${order.datasetDigest ? sql`and m.dataset_digest = ${order.datasetDigest}` : sql``}`
    const shown =
      order.ascending === false
        ? sql`case when m.value > ${Number.MAX_VALUE} then ${Number.NEGATIVE_INFINITY} else m.value end`
        : sql`m.value`
    const value = sql`(select ${shown} from logged_model_metrics m where m.model = logged_models.id and m.key = ${key} ${only} order by m.time desc, m.step desc limit 1)`
    return sql`${value} ${direction} nulls last`
  }
  const name = order.field.replace(/^attributes?\./, '')
  const column = textAttributes[name] ?? timeAttributes[name]
  if (!column) throw new KedgeError('invalid_input', { what: `Invalid order_by field: ${order.field}` })
  return sql`${column} ${direction}`
}
