import { z } from 'zod'
import { allColumns, byGroup, defineOperation, groupOf, mostGroups, type Relation } from '../../contracts/curation.ts'
import { fitIsolationForest, isolationScore } from '../../statistics/isolation-forest.ts'
import { sortedQuantile } from '../../statistics/sorted-quantile.ts'
import { isolationSql } from './isolation-sql.ts'

const config = z
  .strictObject({
    column: z.string().optional(),
    columns: z.array(z.string()).min(1).optional().meta({ description: 'of isolation_forest' }),
    method: z.enum(['iqr', 'z', 'robust_z', 'percentile', 'isolation_forest']).default('iqr').meta({
      description:
        'iqr: outside of the quartiles ± factor × their distance; z: mean ± factor × deviation; robust_z: median ± factor × 1.4826 × median absolute deviation; percentile: outside of low and high; isolation_forest: the share of rows that few random cuts set apart',
    }),
    factor: z.number().positive().optional().meta({ description: '3 when absent, for iqr, z and robust_z' }),
    low: z.number().min(0).max(1).optional().meta({ description: 'of percentile; 0.01 when absent' }),
    high: z.number().min(0).max(1).optional().meta({ description: 'of percentile; 0.99 when absent' }),
    share: z.number().positive().max(0.5).optional().meta({ description: 'of isolation_forest; 0.01 when absent' }),
    seed: z.number().int().optional(),
    by: z.array(z.string()).min(1).optional().meta({ description: 'columns whose values make groups, judged apart' }),
    action: z
      .enum(['quarantine', 'drop', 'clip', 'flag'])
      .default('quarantine')
      .meta({ description: 'flag adds the column <column>_outlier' }),
  })
  .refine((one) => one.method === 'isolation_forest' || one.column !== undefined, 'needs a column')
  .refine((one) => one.method !== 'isolation_forest' || (one.columns ?? one.column) !== undefined, 'needs columns')
  .refine(
    (one) => one.method !== 'isolation_forest' || one.action !== 'clip',
    'an isolation forest has no bounds to clip to',
  )
  .refine((one) => one.method !== 'isolation_forest' || !one.by, 'an isolation forest judges all rows together')
type Config = z.infer<typeof config>

/** Rows that a forest is grown on; the score's threshold is taken from them too. */
const sampled = 4096

export default defineOperation({
  kind: 'outliers',
  title: 'Find values far from the others and quarantine, drop, clip or flag them',
  config,
  queries(config, relation): Record<string, string> {
    const live = `${relation.rows} AS p WHERE ${relation.live}`
    if (config.method === 'isolation_forest') {
      const values = forestColumns(config).map((name) => relation.number(name))
      return {
        sample: `SELECT groupArray([${values.map((_, i) => `v${i}`).join(', ')}]) AS value FROM (SELECT ${values.map((sql, i) => `assumeNotNull(${sql}) AS v${i}`).join(', ')} FROM ${live} AND ${values.map((sql) => `isFinite(${sql})`).join(' AND ')} ORDER BY cityHash64(${relation.position}, ${config.seed ?? 1}) LIMIT ${sampled})`,
      }
    }
    const value = relation.number(config.column!)
    const values = `SELECT ${groupSql(config, relation)} AS k, assumeNotNull(${value}) AS x FROM ${live} AND isFinite(${value})`
    // quantiles need all values, and there may be more than fit in memory: equal ones together
    const counted = config.method === 'z' ? values : `SELECT k, x, count() AS n FROM (${values}) GROUP BY k, x`
    return {
      bounds: `SELECT groupArray(${mostGroups + 1})((k, low, high)) AS value FROM (SELECT k, ${boundsSql(config)} FROM (${counted}) GROUP BY k ORDER BY k)`,
    }
  },
  compile(config, relation, known) {
    if (config.method === 'isolation_forest') return byForest(config, relation, known.sample as number[][])
    const column = config.column!
    const target = relation.column(column)
    const value = relation.number(column)
    const bounds = (known.bounds as [string, number | null, number | null][]).filter(
      (one): one is [string, number, number] => Number.isFinite(one[1] ?? NaN) && Number.isFinite(one[2] ?? NaN),
    )
    if (bounds.length > mostGroups)
      relation.fail(`there are more than ${mostGroups} groups of ${config.by!.join(', ')}`, config.by![0]!)
    const group = groupSql(config, relation)
    const bound = (side: 1 | 2) =>
      config.by
        ? byGroup(
            group,
            bounds.map((one) => [one[0], one[side]]),
            relation,
            'nan',
          )
        : bounds[0]
          ? `toFloat64(${bounds[0][side]})`
          : 'nan'
    const [low, high] = [bound(1), bound(2)]
    const outside = `(${value} < ${low} OR ${value} > ${high})`
    const columns = allColumns(relation)
    if (config.action === 'flag') return { columns: [...columns, flag(column, `ifNull(${outside}, false)`)] }
    if (config.action === 'clip') {
      const [least, most] = target.type === 'int' ? [`toInt64(ceil(${low}))`, `toInt64(floor(${high}))`] : [low, high]
      const clipped = `multiIf(${value} < ${low}, ${least}, ${value} > ${high}, ${most}, ${target.sql})`
      return { columns: columns.map((one) => (one.name === column ? { ...one, sql: clipped } : one)) }
    }
    const place = config.by
      ? `the bounds of its ${config.by.join(', ')}`
      : `[${bounds[0] ? `${round(bounds[0][1])}, ${round(bounds[0][2])}` : ''}]`
    return {
      columns,
      verdicts: [
        {
          when: outside,
          action: config.action === 'drop' ? 'remove' : 'quarantine',
          reason: `${column} is outside of ${place} (${rule(config)})`,
          value: target.sql,
        },
      ],
    }
  },
})

const forestColumns = (config: Config) => config.columns ?? [config.column!]
const groupSql = (config: Config, relation: Relation) =>
  groupOf((config.by ?? []).map((name) => relation.column(name).sql))
const flag = (name: string, sql: string) => ({ name: `${name}_outlier`, type: 'bool' as const, sql })
const round = (x: number) => Number(x.toPrecision(6))

function rule({ method, factor = 3, low = 0.01, high = 0.99 }: Config): string {
  if (method === 'iqr') return `quartiles ± ${factor} × their distance`
  if (method === 'z') return `mean ± ${factor} × deviation`
  if (method === 'robust_z') return `median ± ${factor} × 1.4826 × median absolute deviation`
  return `percentiles ${low} and ${high}`
}

/** The bounds of values `x`, which stand `n` times but for z. */
function boundsSql({ method, factor = 3, low = 0.01, high = 0.99 }: Config): string {
  if (method === 'z')
    return `avg(x) - ${factor} * stddevPopStable(x) AS low, avg(x) + ${factor} * stddevPopStable(x) AS high`
  if (method === 'percentile') return `${quantiles(low, high)} AS q, q[1] AS low, q[2] AS high`
  if (method === 'robust_z')
    return `${quantiles(0.5)}[1] AS m, 1.4826 * arrayReduce('quantileExactWeightedInterpolated(0.5)', arrayMap(v -> abs(v - m), groupArray(x)), groupArray(n)) AS d, m - ${factor} * d AS low, m + ${factor} * d AS high`
  return `${quantiles(0.25, 0.75)} AS q, q[1] - ${factor} * (q[2] - q[1]) AS low, q[2] + ${factor} * (q[2] - q[1]) AS high`
}

const quantiles = (...levels: number[]) => `quantilesExactWeightedInterpolated(${levels.join(', ')})(x, n)`

function byForest(config: Config, relation: Relation, sample: number[][]) {
  const columns = allColumns(relation)
  const names = forestColumns(config)
  const name = names.join('_')
  const fitted = Array.isArray(sample[0])
    ? fitIsolationForest(sample, { trees: 32, sample: 128, seed: config.seed ?? 1 })
    : undefined
  if (!fitted?.ok) return { columns: config.action === 'flag' ? [...columns, flag(name, 'false')] : columns }
  const scores = sample.map((row) => isolationScore(fitted.forest, row)).sort((a, b) => a - b)
  const threshold = sortedQuantile(scores, 1 - (config.share ?? 0.01))
  const score = isolationSql(
    fitted.forest,
    names.map((one) => relation.number(one)),
  )
  const outside = `${score} > ${threshold}`
  if (config.action === 'flag') return { columns: [...columns, flag(name, `ifNull(${outside}, false)`)] }
  return {
    columns,
    verdicts: [
      {
        when: outside,
        action: config.action === 'drop' ? ('remove' as const) : ('quarantine' as const),
        reason: `${names.join(', ')} together are unlike the others (isolation score above ${round(threshold)})`,
        value: `concat(${names.map((one) => `ifNull(toString(${relation.column(one).sql}), '')`).join(", ', ', ")}, '')`,
      },
    ],
  }
}
