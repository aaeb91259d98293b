import type { ColumnType } from '../../contracts/column.ts'
import { quoteName } from '../expression/sql-text.ts'
import type { FeaturePlan, PlannedFeature } from './plan-features.ts'

/** SQL (over `p`) that gives the rows of a dataset as features take them: `k`, `t`, `pos` and the inputs `i0` …. */
export function inputRows(plan: FeaturePlan, table: string, position: string, where = 'true'): string {
  const inputs = plan.inputs.map(
    ({ sql, kind }, i) => `CAST(${sql}, 'Nullable(${kind === 'text' ? 'String' : 'Float64'})') AS i${i}`,
  )
  const selected = [
    `assumeNotNull(${plan.key}) AS k`,
    `assumeNotNull(${plan.time}) AS t`,
    `${position} AS pos`,
    ...inputs,
  ]
  return `SELECT ${selected.join(', ')} FROM ${table} AS p WHERE (${plan.key}) IS NOT NULL AND (${plan.time}) IS NOT NULL AND ${plan.where} AND ${where}`
}

/**
 * SQL that gives `pos` and each feature as it was known at the moments of `moments` (a query for `k`, `t`, `pos`). Known are
 * the rows whose time is not after the moment, that of the very moment included; of rows of one time the last is the newest.
 * A window has the rows after the moment minus its length, to the microsecond.
 */
export function featuresAt(plan: FeaturePlan, rows: string, moments: string): string {
  const lengths = [...new Set(plan.features.flatMap(({ over }) => over ?? []))]
  const joins = lengths.map((length, i) => {
    const own = plan.features.flatMap((feature, at) => (feature.over === length ? [{ feature, at }] : []))
    return `LEFT JOIN (${windowAt(own, length, rows, moments)}) AS d${i} ON d${i}.pos = n.pos`
  })
  const fresh = plan.ttl === null ? 'n.known > 0' : `n.known > 0 AND n.t - n.newest.1 < ${plan.ttl}`
  const features = plan.features.map((feature, at) => {
    const value =
      feature.over === null
        ? `n.newest.${feature.input + 2}`
        : whenEmpty(feature, `d${lengths.indexOf(feature.over)}.w${at}`)
    return `if(${fresh}, ${ofType(value, feature)}, NULL) AS ${quoteName(feature.name)}`
  })
  return `SELECT ${['n.pos AS pos', ...features].join(', ')} FROM (${newestAt(plan, rows, moments)}) AS n ${joins.join(' ')}`
}

/** SQL for the newest row at each moment: one sort by entity and time. */
function newestAt(plan: FeaturePlan, rows: string, moments: string): string {
  const inputs = plan.inputs.map((_, i) => `i${i}`)
  const none = plan.inputs.map(
    ({ kind }, i) => `CAST(NULL, 'Nullable(${kind === 'text' ? 'String' : 'Float64'})') AS i${i}`,
  )
  const union = `SELECT toUInt8(0) AS l, k, t, pos, ${inputs.join(', ')} FROM (${rows}) UNION ALL SELECT toUInt8(1) AS l, k, t, pos, ${none.join(', ')} FROM (${moments})`
  const over = 'OVER (PARTITION BY k ORDER BY t RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)'
  return `SELECT t, pos, known, newest FROM (SELECT l, t, pos, argMaxIf(tuple(t, ${inputs.join(', ')}), tuple(t, pos), l = 0) ${over} AS newest, countIf(l = 0) ${over} AS known FROM (${union})) WHERE l = 1`
}

/** keeps times before 1970 above zero, so that they are divided downwards */
const epochShift = 4_000_000_000_000_000n

/**
 * SQL for aggregates over one length of window. Time is cut in pieces of that length: a window lies in two of them, so that
 * entity and piece join rows to moments, and no more than some of the rows that do not count come along.
 */
function windowAt(features: { feature: PlannedFeature; at: number }[], length: number, rows: string, moments: string) {
  const piece = (t: string) => `intDiv(${t} + ${epochShift}, ${length})`
  const values = features.map(({ feature, at }) => `${aggregateSql(feature)} AS w${at}`)
  return `SELECT m.pos AS pos, ${values.join(', ')} FROM (SELECT *, ${piece('t')} AS b FROM (${rows})) AS r INNER JOIN (SELECT k, t, pos, arrayJoin([${piece('t')}, ${piece('t')} - 1]) AS b FROM (${moments})) AS m ON m.k = r.k AND m.b = r.b WHERE r.t <= m.t AND r.t > m.t - ${length} GROUP BY m.pos`
}

function aggregateSql({ how, input }: PlannedFeature): string {
  const of = `r.i${input}`
  if (how === 'distinct') return `uniqExact(${of})`
  return how === 'mean' ? `avg(${of})` : `${how === 'sum' ? 'sumKahan' : how}(${of})`
}

/** Nothing to count is 0, and so is the sum of nothing. */
const whenEmpty = ({ how }: PlannedFeature, value: string) =>
  how === 'count' || how === 'distinct' || how === 'sum' ? `ifNull(${value}, 0)` : value

/** A number of the state as a value of the feature's type. */
function ofType(value: string, { type, how }: PlannedFeature): string {
  if (how !== 'last' || type === 'text' || type === 'float') return asType(value, type)
  if (type === 'int') return `toInt64(${value})`
  if (type === 'bool') return `(${value} = 1)`
  const moment = `fromUnixTimestamp64Micro(toInt64(round(${value} * 1000)), 'UTC')`
  return type === 'date' ? `toDate32(${moment})` : moment
}

const asType = (value: string, type: ColumnType) =>
  type === 'int' ? `toInt64(${value})` : type === 'float' ? `toFloat64(${value})` : value
