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
    const name = kind === 'attribute' ? (otherNames.get(key.toLowerCase()) ?? key) : key
    if (seen.has(`${kind}.${name}`))
      throw new KedgeError('invalid_input', { what: `\`order_by\` contains duplicate fields: ${clauses.join(', ')}` })
    seen.add(`${kind}.${name}`)
    parts.push(sql`${orderValue(kind, key, clause, descending)} ${descending ? sql`desc` : sql`asc`} nulls last`)
  }
  if (!seen.has('attribute.start_time')) parts.push(sql`runs.start_time desc nulls last`)
  parts.push(sql`runs.id`)
  return sql.join(parts)
}

/** In one expression that is computed once a run. */
function orderValue(
  kind: ReturnType<typeof runEntity>,
  key: string,
  clause: string,
  descending: boolean,
): RawBuilder<unknown> {
  if (kind === 'metric') {
    // Infinity stands for NaN, which comes after the numbers whatever the direction
    const value = descending
      ? sql`case when o.value > ${Number.MAX_VALUE} then ${Number.NEGATIVE_INFINITY} else o.value end`
      : sql`o.value`
    return sql`(select ${value} from metric_series o where o.run = runs.number and o.key = ${key})`
  }
  if (kind === 'param' || kind === 'tag')
    return sql`(select o.value from ${sql.table(tables[kind])} o where o.run = runs.number and o.key = ${key})`
  return attributeOf(kind, key, clause)
}

const tables = { param: 'run_params', tag: 'run_tags' } as const
/** several names of one attribute are one field */
const otherNames = new Map([
  ['created', 'start_time'],
  ['run_uuid', 'run_id'],
  ['run name', 'run_name'],
])

function attributeOf(kind: ReturnType<typeof runEntity>, key: string, clause: string): RawBuilder<unknown> {
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
