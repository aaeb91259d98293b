import { type RawBuilder, sql } from 'kysely'
import { KedgeError } from '../../errors.ts'
import { traceTags } from './trace.ts'
import { traceNumbers, traceTexts } from './trace-filter.ts'

const invalid = (what: string) => new KedgeError('invalid_input', { what })

/** MLflow's order: each clause with what is missing last, then the newest start, then the id. */
export function orderTraces(clauses: readonly string[]): RawBuilder<unknown> {
  const parts: RawBuilder<unknown>[] = []
  const seen = new Set<string>()
  for (const clause of clauses) {
    const found =
      /^\s*(?:(attributes?|attr|trace|tags?|metadata|request_metadata)\.)?(?:`([^`]+)`|"([^"]+)"|([^`"\s]+))(?:\s+(ASC|DESC))?\s*$/i.exec(
        clause,
      )
    if (!found) throw invalid(`Invalid order_by clause '${clause}'`)
    const entity = found[1]?.toLowerCase() ?? 'attribute'
    const key = (found[2] ?? found[3] ?? found[4])!
    const name = `${entity[0]}.${key}`
    if (seen.has(name)) throw invalid(`\`order_by\` contains duplicate fields: ${clauses.join(', ')}`)
    seen.add(name)
    const value = orderValue(entity, key, clause)
    parts.push(
      sql`case when ${value} is null then 1 else 0 end, ${value} ${found[5]?.toUpperCase() === 'DESC' ? sql`desc` : sql`asc`}`,
    )
  }
  parts.push(sql`traces.time desc, traces.id`)
  return sql.join(parts)
}

function orderValue(entity: string, key: string, clause: string): RawBuilder<unknown> {
  const value = (table: string, name: string) =>
    sql`(select v.value from ${sql.table(table)} v where v.trace = traces.number and v.key = ${name})`
  if (entity.startsWith('tag')) return value('trace_tags', key)
  if (entity.includes('metadata')) return value('trace_metadata', key)
  const plain = key.toLowerCase()
  if (plain === 'name') return value('trace_tags', traceTags.name)
  if (plain === 'run_id') return sql`traces.source_run`
  const column = traceNumbers[plain] ?? traceTexts[plain]
  if (!column) throw invalid(`Invalid order_by clause '${clause}': ${key} is no attribute of a trace`)
  return column
}
