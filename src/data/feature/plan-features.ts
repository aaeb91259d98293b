import type { Column, ColumnType } from '../../contracts/column.ts'
import type { Expression, Relation } from '../../contracts/curation.ts'
import { evaluateExpression } from '../../contracts/evaluate-expression.ts'
import { createRelation } from '../curation/relation.ts'
import { compileExpression } from '../expression/compile-expression.ts'
import { convert } from '../expression/conversion.ts'
import { millisecondsOf } from '../span.ts'
import { type Aggregate, aggregates, entityOf, type FeatureViewSpec } from './feature-view-spec.ts'

/** What a row gives to features: a number, or a text (also of what is only counted). */
export interface FeatureInput {
  /** over the rows `p` of the dataset; null where the row does not count */
  sql: string
  kind: 'number' | 'text'
}

export interface PlannedFeature {
  name: string
  type: ColumnType
  how: 'last' | Aggregate
  /** place in the inputs */
  input: number
  /** rows after the moment minus this count, in microseconds; null: the newest row */
  over: number | null
  description: string | null
}

/** A feature view against the columns of its dataset: what both sides, training and serving, are made from. */
export interface FeaturePlan {
  keys: string[]
  /** SQL of the entity as a text, null where it is missing */
  key: string
  /** SQL of the time in microseconds since 1970 */
  time: string
  /** SQL that is true for rows that count */
  where: string
  inputs: FeatureInput[]
  features: PlannedFeature[]
  /** the longest window, in microseconds; 0 without any */
  span: number
  /** in microseconds; null: for ever */
  ttl: number | null
  onDemand: { name: string; text: string; type: ColumnType }[]
}

const micro = 1000
const isNumber = (type: ColumnType) => type === 'int' || type === 'float' || type === 'bool'

/** SQL of a moment as microseconds since 1970. */
export const microseconds = (sql: string): string => `toUnixTimestamp64Micro(toDateTime64(${sql}, 6, 'UTC'))`

/**
 * SQL of an entity's text, as a request brings it. Of several columns each follows its length in characters, so that no two
 * entities share one; see `entityKey`.
 */
export function entitySql(columns: readonly { sql: string; type: ColumnType }[]): string {
  const texts = columns.map(({ sql, type }) => (type === 'text' ? sql : convert(sql, type, 'text')))
  if (texts.length === 1) return `nullIf(${texts[0]}, '')`
  const parts = texts.map((text) => `toString(lengthUTF8(${text})), ':', ${text}`)
  return `concat(${parts.join(', ')})`
}

/** The same text of values that a program has. */
export const entityKey = (values: readonly string[]): string =>
  values.length === 1 ? values[0]! : values.map((value) => `${[...value].length}:${value}`).join('')

/** A number as the state of serving keeps it: times in milliseconds. */
function asNumber({ sql, type }: Expression): string {
  if (type === 'time' || type === 'date') return `toFloat64(${microseconds(sql)} / 1000)`
  return `toFloat64(${sql})`
}
const asText = ({ sql, type }: Expression) => (type === 'text' ? sql : convert(sql, type, 'text'))

/** What is wrong in a view, by place. */
export interface FeatureMistake {
  path: (string | number)[]
  what: string
}

/** Compiles a view over the columns of its dataset; every mistake is told to `complain`, and what has one is left out. */
export function planFeatures(
  spec: FeatureViewSpec,
  columns: readonly Column[],
  datasetTime: string | undefined,
  complain: (path: (string | number)[], error: unknown) => void,
): FeaturePlan {
  const relation = createRelation(columns, 'features')
  const attempt = <T>(path: (string | number)[], act: () => T): T | undefined => {
    try {
      return act()
    } catch (error) {
      complain(path, error)
      return undefined
    }
  }
  const keys = entityOf(spec)
  const entity = keys.flatMap(
    (name, i) =>
      attempt(typeof spec.entity === 'string' ? ['entity'] : ['entity', i], () => relation.column(name)) ?? [],
  )
  const time = attempt(['time'], () => timeOf(relation, spec.time ?? datasetTime))
  const where = spec.where === undefined ? undefined : attempt(['where'], () => relation.condition(spec.where!))
  const inputs: FeatureInput[] = []
  const inputOf = (input: FeatureInput) => {
    const found = inputs.findIndex(({ sql, kind }) => sql === input.sql && kind === input.kind)
    return found >= 0 ? found : inputs.push(input) - 1
  }
  const features: PlannedFeature[] = []
  for (const [name, given] of Object.entries(spec.features)) {
    const planned = attempt(['features', name], () => planFeature(name, given, relation, inputOf))
    if (planned) features.push(planned)
  }
  const onDemand: FeaturePlan['onDemand'] = []
  const known = new Map<string, Expression>([
    ...Object.entries(spec.request).map(([name, type]) => [name, { sql: 'p', type }] as const),
    ...features.map(({ name, type }) => [name, { sql: 'p', type }] as const),
  ])
  for (const [name, text] of Object.entries(spec.on_demand)) {
    const compiled = attempt(['on_demand', name], () => {
      evaluateExpression(text, new Map([...known].map(([one, { type }]) => [one, type])))
      return compileExpression(text, known)
    })
    if (!compiled) continue
    onDemand.push({ name, text, type: compiled.type })
    known.set(name, { sql: 'p', type: compiled.type })
  }
  return {
    keys,
    key: entity.length === keys.length ? entitySql(entity) : "''",
    time: time ?? '0',
    where: where ? `ifNull(${where.sql}, false)` : 'true',
    inputs,
    features,
    span: Math.max(0, ...features.map(({ over }) => over ?? 0)),
    ttl: spec.ttl === undefined ? null : millisecondsOf(spec.ttl) * micro,
    onDemand,
  }
}

function timeOf(relation: Relation, name: string | undefined): string {
  if (name === undefined)
    return relation.fail('is missing: neither the view nor its dataset names a column with the time', 'time')
  const { sql, type } = relation.column(name)
  if (type !== 'time' && type !== 'date') relation.fail(`the column ${name} is ${type}, not a time`, name)
  return microseconds(sql)
}

function planFeature(
  name: string,
  given: FeatureViewSpec['features'][string],
  relation: Relation,
  inputOf: (input: FeatureInput) => number,
): PlannedFeature {
  const one = typeof given === 'string' ? { last: given } : given
  const description = ('description' in one && one.description) || null
  if ('last' in one) {
    const value = relation.expression(one.last)
    const number = value.type !== 'text'
    const input = inputOf({ sql: number ? asNumber(value) : value.sql, kind: number ? 'number' : 'text' })
    return { name, type: value.type, how: 'last', input, over: null, description }
  }
  const how = aggregates.find((aggregate) => aggregate in one)!
  const text = (one as Record<string, unknown>)[how] as string | true
  const value = text === true ? { sql: '1', type: 'int' as const } : relation.expression(text)
  if (['sum', 'mean', 'min', 'max'].includes(how) && !isNumber(value.type))
    relation.fail(`${how} needs a number, and "${text}" is ${value.type}`, String(text))
  const counted = how === 'count' ? `if(isNull(${value.sql}), NULL, 1)` : undefined
  const sql = counted ? `toFloat64(${counted})` : how === 'distinct' ? asText(value) : asNumber(value)
  const only = one.where === undefined ? sql : `if(${relation.condition(one.where).sql}, ${sql}, NULL)`
  const input = inputOf({ sql: only, kind: how === 'distinct' ? 'text' : 'number' })
  const type = how === 'count' || how === 'distinct' ? 'int' : 'float'
  return { name, type, how, input, over: millisecondsOf(one.over) * micro, description }
}
