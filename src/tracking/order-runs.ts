import { type RawBuilder, sql } from 'kysely'
import { KedgeError } from '../errors.ts'
import { runAttributes, runEntity } from './run-fields.ts'

/** MLflow's order: each clause with what is missing last (and NaN before that), then the newest start, then the id. */
export function orderRuns(clauses: readonly string[]): RawBuilder<unknown> {
  const parts: RawBuilder<unknown>[] = []
  const seen = new Set<string>()
  for (const clause of clauses) {
    const { entity, key, descending } = parseOrder(clause)
    const kind = runEntity(entity)
    if (seen.has(`${kind}.${key}`))
      throw new KedgeError('invalid_input', { what: `\`order_by\` contains duplicate fields: ${clauses.join(', ')}` })
    seen.add(`${kind}.${key}`)
    const value = orderValue(kind, key, clause)
    const direction = descending ? sql`desc` : sql`asc`
    if (kind === 'metric')
      parts.push(
        sql`case when ${value} is null then 2 when ${value} > ${Number.MAX_VALUE} then 1 else 0 end, ${value} ${direction}`,
      )
    else parts.push(sql`case when ${value} is null then 1 else 0 end, ${value} ${direction}`)
  }
  if (!seen.has('attribute.start_time')) parts.push(sql`runs.start_time desc`)
  parts.push(sql`runs.id`)
  return sql.join(parts)
}

function orderValue(kind: ReturnType<typeof runEntity>, key: string, clause: string): RawBuilder<unknown> {
  if (kind === 'metric') return sql`(select m.value from metric_series m where m.run = runs.number and m.key = ${key})`
  if (kind === 'param') return sql`(select p.value from run_params p where p.run = runs.number and p.key = ${key})`
  if (kind === 'tag') return sql`(select t.value from run_tags t where t.run = runs.number and t.key = ${key})`
  const attribute = kind === 'attribute' ? (runAttributes[key] ?? runAttributes[key.toLowerCase()]) : undefined
  if (!attribute)
    throw new KedgeError('invalid_input', {
      what: `Invalid order_by clause '${clause}': ${key} is no attribute of a run`,
    })
  return attribute.column
}

function parseOrder(clause: string): { entity: string | undefined; key: string; descending: boolean } {
  const found = /^\s*(?:([A-Za-z]+)\.)?(?:`([^`]+)`|"([^"]+)"|([^`"]*?))(?:\s+(ASC|DESC))?\s*$/i.exec(clause)
  const key = found && (found[2] ?? found[3] ?? found[4])
  if (!key) throw new KedgeError('invalid_input', { what: `Invalid order_by clause '${clause}'` })
  if (/\s(asc|desc)\s/i.test(` ${key} `))
    throw new KedgeError('invalid_input', { what: `Invalid order_by clause '${clause}'` })
  return { entity: found[1]?.toLowerCase(), key, descending: found[5]?.toUpperCase() === 'DESC' }
}
