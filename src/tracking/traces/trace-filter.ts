import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { SqlStore } from '../../storage/sql/sql-store.ts'
import { compareKeyed, compareNumber, compareText } from '../filter/compile-filter.ts'
import { filterError } from '../filter/filter-tokens.ts'
import { namedFields } from '../filter/named-fields.ts'
import { type Comparison, type Filter, parseFilter } from '../filter/parse-filter.ts'
import { traceMetadata, traceTags } from './trace.ts'

type Refuse = (what: string) => Error
type Condition = RawBuilder<SqlBool>

const entities: Record<string, 'attribute' | 'tag' | 'metadata' | 'span' | 'feedback' | 'expectation' | 'issue'> = {
  attribute: 'attribute',
  attributes: 'attribute',
  attr: 'attribute',
  trace: 'attribute',
  tag: 'tag',
  tags: 'tag',
  metadata: 'metadata',
  request_metadata: 'metadata',
  span: 'span',
  'span.attributes': 'span',
  feedback: 'feedback',
  expectation: 'expectation',
  issue: 'issue',
}

/** Columns of traces by MLflow's names. */
export const traceNumbers = namedFields<RawBuilder<unknown>>({
  timestamp: sql`traces.time`,
  timestamp_ms: sql`traces.time`,
  request_time: sql`traces.time`,
  execution_time: sql`traces.duration`,
  execution_time_ms: sql`traces.duration`,
  execution_duration: sql`traces.duration`,
  end_time: sql`(traces.time + coalesce(traces.duration, 0))`,
  end_time_ms: sql`(traces.time + coalesce(traces.duration, 0))`,
})
export const traceTexts = namedFields<RawBuilder<unknown>>({
  status: sql`traces.state`,
  state: sql`traces.state`,
  request_id: sql`traces.id`,
  trace_id: sql`traces.id`,
  client_request_id: sql`traces.client_request_id`,
  experiment_id: sql`experiments.id`,
})

const entityOf = ({ entity }: Comparison) => (entity === undefined ? 'attribute' : entities[entity])
const isSpan = (node: Filter): node is Comparison => node.kind === 'compare' && entityOf(node) === 'span'
const both = (conditions: readonly Condition[]): Condition => sql`(${sql.join(conditions, sql` and `)})`
/** What is not known is not so: also of what has no value. */
const not = (condition: Condition): Condition => sql`not ((${condition}) is true)`
const maybeNot = (comparison: Comparison, condition: Condition): Condition =>
  comparison.negated ? not(condition) : condition

/**
 * A filter of traces as one SQL condition over `traces` joined with `experiments`; undefined when there is nothing to
 * filter. Comparisons of spans that stand together in one AND are met by one and the same span. Errors: `filter_invalid`.
 */
export function traceCondition(store: SqlStore['kind'], filter: string | undefined): Condition | undefined {
  if (!filter) return undefined
  const parsed = parseFilter(filter)
  const refuser = (node: Comparison) => (what: string) => filterError(filter, node.at, what)
  const spans = (nodes: readonly Comparison[]): Condition =>
    sql`exists (select 1 from spans where spans.trace = traces.number and ${both(
      nodes.map((node) => maybeNot(node, spanCondition(store, node, refuser(node)))),
    )})`
  const toSql = (node: Filter): Condition => {
    if (node.kind === 'not') return not(toSql(node.item))
    if (node.kind === 'compare')
      return isSpan(node) ? spans([node]) : maybeNot(node, comparisonCondition(store, node, refuser(node)))
    if (node.kind === 'or') return sql`(${sql.join(node.items.map(toSql), sql` or `)})`
    const ofSpans = node.items.filter(isSpan)
    const others = node.items.filter((item) => !isSpan(item)).map(toSql)
    return both(ofSpans.length > 0 ? [...others, spans(ofSpans)] : others)
  }
  return parsed && toSql(parsed)
}

/** One comparison that is not of spans. */
export function comparisonCondition(store: SqlStore['kind'], comparison: Comparison, refuse: Refuse): Condition {
  const { key, operator } = comparison
  switch (entityOf(comparison)) {
    case 'attribute':
      return attributeCondition(store, comparison, refuse)
    case 'tag':
      return key === traceTags.linkedPrompts
        ? promptCondition(comparison, refuse)
        : valueCondition(store, 'trace_tags', key, comparison, refuse)
    case 'metadata':
      if (key === traceMetadata.sourceRun) return runCondition(store, comparison, refuse)
      if (key === traceMetadata.session) return compareText(store, sql`traces.session`, comparison, refuse)
      return valueCondition(store, 'trace_metadata', key, comparison, refuse)
    case 'feedback':
    case 'expectation':
      return assessmentCondition(store, comparison, refuse)
    case 'issue':
      if (key !== 'id' || operator !== '=') throw refuse('of issues only issue.id = can be asked')
      return sql`exists (select 1 from assessments a where a.trace = traces.number and a.kind = 'issue' and a.name = ${String(comparison.value)})`
    default:
      throw refuse(
        `${comparison.entity} is not known: use attributes, tags, metadata, span, trace, feedback or expectation`,
      )
  }
}

function attributeCondition(store: SqlStore['kind'], comparison: Comparison, refuse: Refuse): Condition {
  const key = comparison.key.toLowerCase()
  if (key === 'name') return valueCondition(store, 'trace_tags', traceTags.name, comparison, refuse)
  if (key === 'run_id') return runCondition(store, comparison, refuse)
  if (key === 'prompt') return promptCondition(comparison, refuse)
  if (key === 'text')
    return sql`exists (select 1 from spans where spans.trace = traces.number and ${contentCondition(store, comparison, refuse)})`
  const number = traceNumbers[key]
  if (number) return compareNumber(number, comparison, refuse)
  const text = traceTexts[key]
  if (text) return compareText(store, text, comparison, refuse)
  throw refuse(
    `${comparison.key} is no attribute of a trace: use ${[...Object.keys(traceNumbers), ...Object.keys(traceTexts), 'name', 'run_id', 'prompt', 'text'].join(', ')}`,
  )
}

function valueCondition(
  store: SqlStore['kind'],
  table: 'trace_tags' | 'trace_metadata',
  key: string,
  comparison: Comparison,
  refuse: Refuse,
): Condition {
  const having = sql`select 1 from ${sql.table(table)} v where v.trace = traces.number and v.key = ${key}`
  return compareKeyed(store, having, sql`v.value`, comparison, refuse)
}

/** The run that was active, or one that the trace was linked to afterwards. */
function runCondition(store: SqlStore['kind'], comparison: Comparison, refuse: Refuse): Condition {
  const source = compareText(store, sql`traces.source_run`, comparison, refuse)
  if (comparison.operator !== '=' && comparison.operator !== 'IN') return source
  return sql`(coalesce(${source}, 1 = 0) or exists (select 1 from trace_runs r where r.trace = traces.number and ${compareText(store, sql`r.run`, comparison, refuse)}))`
}

function promptCondition(comparison: Comparison, refuse: Refuse): Condition {
  const prompt = String(comparison.value)
  if (comparison.operator !== '=' || prompt.split('/').length !== 2)
    throw refuse('prompts are asked for as prompt = "name/version"')
  return sql`exists (select 1 from trace_prompts p where p.trace = traces.number and p.prompt = ${prompt})`
}

/** Whoever judges a whole session says so in the metadata; the word holds for every trace of the session. */
function assessmentCondition(store: SqlStore['kind'], comparison: Comparison, refuse: Refuse): Condition {
  const { entity, key, operator } = comparison
  const of = (trace: RawBuilder<unknown>) => {
    const named = sql`${trace} and a.kind = ${entity} and a.name = ${key} and a.valid = 1`
    return operator === 'IS NULL' ? named : sql`${named} and ${assessedValue(store, comparison, refuse)}`
  }
  const ofSession = `%"${traceMetadata.session}":%`
  const assessed = sql<SqlBool>`(exists (select 1 from assessments a where ${of(sql`a.trace = traces.number`)})
    or exists (select 1 from traces judged join assessments a on ${of(sql`a.trace = judged.number`)}
      where judged.session = traces.session and judged.project = traces.project and a.metadata like ${ofSession}))`
  return operator === 'IS NULL' ? sql`not ${assessed}` : assessed
}

/** Values are JSON: texts are compared without their quotes. */
function assessedValue(store: SqlStore['kind'], comparison: Comparison, refuse: Refuse): Condition {
  if (/^[<>]/.test(comparison.operator) || typeof comparison.value === 'number')
    return compareNumber(sql`a.number`, comparison, refuse)
  const text =
    store === 'sqlite'
      ? sql`case when a.value in ('true', 'false') then a.value else cast(json_extract(a.value, '$') as text) end`
      : sql`(a.value::json #>> '{}')`
  return compareText(store, text, comparison, refuse)
}

function spanCondition(store: SqlStore['kind'], comparison: Comparison, refuse: Refuse): Condition {
  const { key, entity } = comparison
  if (entity === 'span.attributes' || key.startsWith('attributes.')) {
    const name = entity === 'span.attributes' ? key : key.slice('attributes.'.length)
    if (name === '') throw refuse('the name of an attribute is missing after "attributes."')
    return spanAttributeCondition(store, name, comparison, refuse)
  }
  if (key === 'name' || key === 'type' || key === 'status')
    return compareText(store, sql.ref(`spans.${key}`), comparison, refuse)
  if (key === 'content') return contentCondition(store, comparison, refuse)
  throw refuse(`spans have name, type, status, content and attributes.<name>, no ${key}`)
}

function spanAttributeCondition(
  store: SqlStore['kind'],
  name: string,
  comparison: Comparison,
  refuse: Refuse,
): Condition {
  if (store === 'postgres') {
    const value = sql`(spans.content::json -> 'attributes' -> ${name}::text)`
    const text = sql`coalesce(case when ${value} ->> '@' in ('int', 'double') then ${value} ->> 'value' end, ${value} #>> '{}')`
    return compareText(store, text, comparison, refuse)
  }
  const having = sql`select 1 from json_each(spans.content, '$.attributes') a where a.key = ${name}`
  const text = sql`case a.type when 'true' then 'true' when 'false' then 'false' when 'object' then
    case when json_extract(a.value, '$."@"') in ('int', 'double') then json_extract(a.value, '$.value') else a.value end
    else cast(a.value as text) end`
  return compareKeyed(store, having, text, comparison, refuse)
}

/** Texts stand in the document as JSON writes them; a regular expression is one about the document. */
function contentCondition(store: SqlStore['kind'], comparison: Comparison, refuse: Refuse): Condition {
  if (!['LIKE', 'ILIKE', 'RLIKE'].includes(comparison.operator))
    throw refuse('the text of a trace is searched with LIKE, ILIKE or RLIKE')
  if (comparison.operator === 'RLIKE') return compareText(store, sql`spans.content`, comparison, refuse)
  const value = JSON.stringify(String(comparison.value)).slice(1, -1)
  const inDocument = { ...comparison, value, written: [value] }
  return compareText(store, sql`spans.content`, inDocument, refuse)
}
