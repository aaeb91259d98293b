import { type RawBuilder, type SqlBool, sql } from 'kysely'
import type { SqlStore } from '../../storage/sql/sql-store.ts'
import { filterError } from '../filter/filter-tokens.ts'
import { namedFields } from '../filter/named-fields.ts'
import { parseFilter } from '../filter/parse-filter.ts'
import { comparisonCondition } from './trace-filter.ts'

export type MetricView = 'TRACES' | 'SPANS' | 'ASSESSMENTS'

const columns = namedFields<RawBuilder<unknown>>({
  'span.name': sql`spans.name`,
  'span.status': sql`spans.status`,
  'span.type': sql`spans.type`,
  'assessment.name': sql`assessments.name`,
  'assessment.type': sql`assessments.kind`,
})

/**
 * A filter of figures: `trace.status`, `trace.tag.<key>`, `trace.metadata.<key>`, `span.name` …, `assessment.name` …,
 * each compared by `=`. Errors: `filter_invalid`.
 */
export function metricCondition(store: SqlStore['kind'], view: MetricView, filter: string): RawBuilder<SqlBool> {
  const parsed = parseFilter(filter)
  if (!parsed) return sql`1 = 1`
  if (parsed.kind !== 'compare' || parsed.operator !== '=')
    throw filterError(filter, 0, 'figures are filtered by one comparison with =')
  const refuse = (what: string) => filterError(filter, parsed.at, what)
  const name = [parsed.entity, parsed.key].filter(Boolean).join('.')
  const ofTrace = /^trace\.(?:(tag|metadata)\.(.+)|status)$/s.exec(name)
  if (ofTrace)
    return comparisonCondition(
      store,
      { ...parsed, entity: ofTrace[1] ?? 'attribute', key: ofTrace[2] ?? 'status' },
      refuse,
    )
  const column = columns[name]
  if (!column) throw refuse(`${name} is not known: use trace.status, trace.tag., trace.metadata., span. or assessment.`)
  const of = name.startsWith('span') ? 'SPANS' : 'ASSESSMENTS'
  if (of !== view) throw refuse(`Filtering by ${name} is only supported for the view type ${of}, got ${view}`)
  return sql`${column} = ${String(parsed.value)}`
}
