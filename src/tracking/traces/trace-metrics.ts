import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { Environment } from '../../environment.ts'
import { KedgeError } from '../../errors.ts'
import type { SqlStore } from '../../storage/sql/sql-store.ts'
import type { Experiments } from '../experiments.ts'
import { namedFields } from '../filter/named-fields.ts'
import { checkMaxResults } from '../limits.ts'
import { type MetricView, metricCondition } from './metric-condition.ts'
import { traceMetadata, traceTags } from './trace.ts'

export type Aggregation =
  | { type: 'COUNT' | 'SUM' | 'AVG' | 'MIN' | 'MAX' }
  /** 0 to 100, interpolated between the two values beside it */
  | { type: 'PERCENTILE'; percentile: number }

export interface TraceMetricQuery {
  view: MetricView
  metric: string
  aggregations: readonly Aggregation[]
  dimensions: readonly string[]
  filters: readonly string[]
  interval?: number | undefined
  from?: number | undefined
  to?: number | undefined
  limit: number
}

export interface TraceMetricPoint {
  dimensions: Record<string, string>
  values: Record<string, number>
}

interface Metric {
  value: RawBuilder<unknown>
  aggregations: readonly Aggregation['type'][]
  dimensions: readonly string[]
}

export const mostPoints = 1000
const invalid = (what: string) => new KedgeError('invalid_input', { what })
const spread = ['AVG', 'MIN', 'MAX', 'PERCENTILE'] as const
const tag = (key: string) => sql`(select v.value from trace_tags v where v.trace = traces.number and v.key = ${key})`

const dimensionColumns = namedFields<RawBuilder<unknown>>({
  trace_name: tag(traceTags.name),
  trace_status: sql`traces.state`,
  span_name: sql`spans.name`,
  span_type: sql`spans.type`,
  span_status: sql`spans.status`,
  span_model_name: sql`spans.model`,
  span_model_provider: sql`spans.provider`,
  assessment_name: sql`assessments.name`,
  assessment_value: sql`assessments.value`,
})

/** A number in the flat document of token counts; whatever a client has written there, it is read or passed over. */
const tokenCount = (store: SqlStore['kind'], key: string) => {
  const value =
    store === 'sqlite'
      ? sql`case when json_valid(v.value) then json_extract(v.value, ${`$.${key}`}) end`
      : sql`substring(v.value from ${`"${key}": *([0-9]{1,15})`})::double precision`
  return sql`(select ${value} from trace_metadata v where v.trace = traces.number and v.key = ${traceMetadata.tokenUsage})`
}

function metrics(store: SqlStore['kind']): Record<MetricView, Record<string, Metric>> {
  const tokens = (key: string): Metric => ({
    value: tokenCount(store, key),
    aggregations: ['SUM', ...spread],
    dimensions: ['trace_name'],
  })
  const cost = (column: string): Metric => ({
    value: sql.ref(`spans.${column}`),
    aggregations: ['SUM', ...spread],
    dimensions: ['span_model_name', 'span_model_provider'],
  })
  const tokenKeys = [
    'input_tokens',
    'output_tokens',
    'total_tokens',
    'cache_read_input_tokens',
    'cache_creation_input_tokens',
  ]
  return {
    TRACES: {
      trace_count: { value: sql`1`, aggregations: ['COUNT'], dimensions: ['trace_name', 'trace_status'] },
      session_count: { value: sql`traces.session`, aggregations: ['COUNT'], dimensions: [] },
      latency: { value: sql`traces.duration`, aggregations: spread, dimensions: ['trace_name'] },
      ...Object.fromEntries(tokenKeys.map((key) => [key, tokens(key)])),
    },
    SPANS: {
      span_count: {
        value: sql`1`,
        aggregations: ['COUNT'],
        dimensions: ['span_name', 'span_type', 'span_status', 'span_model_name', 'span_model_provider'],
      },
      latency: {
        value: sql`(spans.ended - spans.started) / 1000.0`,
        aggregations: spread,
        dimensions: ['span_name', 'span_status'],
      },
      input_cost: cost('input_cost'),
      output_cost: cost('output_cost'),
      total_cost: cost('total_cost'),
    },
    ASSESSMENTS: {
      assessment_count: {
        value: sql`1`,
        aggregations: ['COUNT'],
        dimensions: ['assessment_name', 'assessment_value'],
      },
      assessment_value: { value: sql`assessments.number`, aggregations: spread, dimensions: ['assessment_name'] },
    },
  }
}

const sources: Record<MetricView, RawBuilder<unknown>> = {
  TRACES: sql`traces`,
  SPANS: sql`traces join spans on spans.trace = traces.number`,
  ASSESSMENTS: sql`traces join assessments on assessments.trace = traces.number`,
}

/** MLflow's name of an aggregation: a percentile as Python writes its number. */
const label = (aggregation: Aggregation) =>
  aggregation.type === 'PERCENTILE'
    ? `P${Number.isInteger(aggregation.percentile) ? aggregation.percentile.toFixed(1) : aggregation.percentile}`
    : aggregation.type

/** Figures over many traces: counts, durations, tokens, costs, judgements, by what they are of and by time. */
export function createTraceMetrics(environment: Pick<Environment, 'store'>, experiments: Experiments) {
  const { store } = environment
  const known = metrics(store.kind)

  return {
    /** Errors: `invalid_input` for a metric, an aggregation or a dimension that there is not, `filter_invalid`. */
    async metrics(
      project: string,
      experimentIds: readonly string[],
      query: TraceMetricQuery,
    ): Promise<TraceMetricPoint[]> {
      const metric = checkQuery(known, query)
      await experiments.ensureDefault(project)
      if (experimentIds.length === 0) return []
      const where: RawBuilder<SqlBool>[] = [
        sql`traces.experiment in (select number from experiments where project = ${project} and id in (${sql.join([...experimentIds])}))`,
        ...query.filters.map((filter) => metricCondition(store.kind, query.view, filter)),
      ]
      if (query.from !== undefined) where.push(sql`traces.time >= ${query.from}`)
      if (query.to !== undefined) where.push(sql`traces.time <= ${query.to}`)

      const groups = query.dimensions.map((name) => dimensionColumns[name]!)
      if (query.interval !== undefined) groups.unshift(bucket(query))
      const names = groups.map((_, i) => `g${i}`)
      const columns = sql.join([
        ...groups.map((group, i) => sql`${group} as ${sql.ref(`g${i}`)}`),
        sql`${metric.value} as value`,
      ])
      const base = sql`select ${columns} from ${sources[query.view]} where ${sql.join(where, sql` and `)}`
      const grouped = names.length > 0 ? sql.join(names.map((name) => sql.ref(name))) : undefined
      const partition = grouped ? sql`partition by ${grouped}` : sql``
      const present = sql.join(
        ['value', ...names].map((name) => sql`${sql.ref(name)} is not null`),
        sql` and `,
      )
      const ranked = sql`select base.*, row_number() over (${partition} order by value) - 1 as place, count(*) over (${partition}) as size
        from (${base}) base where ${present}`
      const aggregates = query.aggregations.flatMap((aggregation, i) => aggregate(query, aggregation, i))
      const { rows } = await sql<Record<string, number | string | null>>`select ${sql.join([
        ...names.map((name) => sql.ref(name)),
        ...aggregates,
        sql`max(size) as size`,
      ])} from (${ranked}) ranked ${grouped ? sql`group by ${grouped} order by ${grouped}` : sql``} limit ${query.limit}`.execute(
        store.read,
      )
      return rows.filter((row) => row.size !== null).map((row) => pointOf(query, row))
    },
  }

  function bucket({ view, interval }: TraceMetricQuery): RawBuilder<unknown> {
    const length = interval! * 1000
    const time = view === 'SPANS' ? sql`spans.started / 1000` : sql`traces.time`
    // both stores divide integers to integers
    return sql`(${time}) / ${sql.lit(length)} * ${sql.lit(length)}`
  }

  /** Of a percentile the value at its place and the next, to be interpolated. */
  function aggregate(query: TraceMetricQuery, aggregation: Aggregation, i: number): RawBuilder<unknown>[] {
    const as = (name: string) => sql.ref(`${name}${i}`)
    if (aggregation.type !== 'PERCENTILE')
      return [
        query.metric === 'session_count'
          ? sql`count(distinct value) as ${as('a')}`
          : sql`${sql.raw(aggregation.type.toLowerCase())}(value) as ${as('a')}`,
      ]
    const exact = sql`${sql.lit(aggregation.percentile)} / 100.0 * (size - 1)`
    const place = store.kind === 'sqlite' ? sql`cast(${exact} as integer)` : sql`floor(${exact})`
    return [0, 1].map(
      (step) => sql`max(case when place = ${place} + ${sql.lit(step)} then value end) as ${as(step === 0 ? 'a' : 'b')}`,
    )
  }
}

function pointOf(query: TraceMetricQuery, row: Record<string, number | string | null>): TraceMetricPoint {
  const names = [...(query.interval === undefined ? [] : ['time_bucket']), ...query.dimensions]
  const dimensions = names.map((name, i) => {
    const value = row[`g${i}`]!
    return [name, name === 'time_bucket' ? isoTime(Number(value)) : String(value)] as const
  })
  const values = query.aggregations.map((aggregation, i) => {
    const low = Number(row[`a${i}`])
    if (aggregation.type !== 'PERCENTILE') return [label(aggregation), low] as const
    const exact = (aggregation.percentile / 100) * (Number(row.size) - 1)
    const high = row[`b${i}`] === null ? low : Number(row[`b${i}`])
    return [label(aggregation), low + (high - low) * (exact - Math.floor(exact))] as const
  })
  return { dimensions: Object.fromEntries(dimensions), values: Object.fromEntries(values) }
}

/** As Python writes a time of UTC. */
const isoTime = (milliseconds: number) =>
  new Date(milliseconds)
    .toISOString()
    .replace(/\.(\d{3})Z$/, (_, digits) => (digits === '000' ? '+00:00' : `.${digits}000+00:00`))

function checkQuery(known: ReturnType<typeof metrics>, query: TraceMetricQuery): Metric {
  const ofView = known[query.view]
  const metric = Object.hasOwn(ofView, query.metric) ? ofView[query.metric] : undefined
  if (!metric) throw invalid(`metric_name must be one of ${Object.keys(ofView).join(', ')}, got '${query.metric}'`)
  if (query.aggregations.length === 0) throw invalid("Missing value for required parameter 'aggregations'.")
  for (const { type } of query.aggregations)
    if (!metric.aggregations.includes(type))
      throw invalid(
        `Found invalid aggregation_type(s): ${type}. Supported aggregation types: ${metric.aggregations.join(', ')}`,
      )
  for (const dimension of query.dimensions)
    if (!metric.dimensions.includes(dimension))
      throw invalid(
        `Found invalid dimension(s): ${dimension}. Supported dimensions: ${metric.dimensions.join(', ') || 'none'}`,
      )
  checkMaxResults(query.limit, mostPoints, mostPoints)
  if (query.interval !== undefined) {
    if (query.from === undefined || query.to === undefined)
      throw invalid('start_time_ms and end_time_ms are required if time_interval_seconds is set')
    if (query.interval <= 0) throw invalid('time_interval_seconds must be positive')
  }
  return metric
}
