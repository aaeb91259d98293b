import { z } from 'zod'
import { defineOperation } from '../../contracts/curation.ts'

const config = z.strictObject({
  column: z.string(),
  method: z
    .enum(['iqr', 'z'])
    .default('iqr')
    .meta({ description: 'iqr: outside of the quartiles ± factor × their distance; z: mean ± factor × deviation' }),
  factor: z.number().positive().optional().meta({ description: '3 when absent, for both methods' }),
  action: z
    .enum(['quarantine', 'drop', 'clip', 'flag'])
    .default('quarantine')
    .meta({ description: 'flag adds the column <column>_outlier' }),
})

export default defineOperation({
  kind: 'outliers',
  title: 'Find values far from the others and quarantine, drop, clip or flag them',
  config,
  statistics({ column, method }, relation): Record<string, string> {
    const value = relation.number(column)
    const live = `${relation.live} AND ${value} IS NOT NULL`
    return method === 'iqr'
      ? { quartiles: `quantilesExactInclusiveIf(0.25, 0.75)(assumeNotNull(${value}), ${live})` }
      : { mean: `avgIf(${value}, ${live})`, deviation: `stddevPopIf(${value}, ${live})` }
  },
  compile({ column, method, factor = 3, action }, relation, statistics) {
    const [low, high] = method === 'iqr' ? iqr(statistics.quartiles as number[], factor) : z3(statistics, factor)
    const target = relation.column(column)
    const columns = relation.columns.map(({ name }) => relation.column(name))
    if (!Number.isFinite(low) || !Number.isFinite(high))
      return { columns: action === 'flag' ? [...columns, flag(column, 'false')] : columns }
    const value = relation.number(column)
    const outside = `(${value} < ${low} OR ${value} > ${high})`
    if (action === 'flag') return { columns: [...columns, flag(column, `ifNull(${outside}, false)`)] }
    if (action === 'clip') {
      const [least, most] = target.type === 'int' ? [Math.ceil(low), Math.floor(high)] : [low, high]
      const clipped = `multiIf(${value} < ${low}, ${relation.literal(least, target.type)}, ${value} > ${high}, ${relation.literal(most, target.type)}, ${target.sql})`
      return { columns: columns.map((c) => (c.name === column ? { ...c, sql: clipped } : c)) }
    }
    const bounds = `[${round(low)}, ${round(high)}]`
    const rule = method === 'iqr' ? `quartiles ± ${factor} × their distance` : `mean ± ${factor} × deviation`
    return {
      columns,
      verdicts: [
        {
          when: outside,
          action: action === 'drop' ? 'remove' : 'quarantine',
          reason: `${column} is outside of ${bounds} (${rule})`,
          value: target.sql,
        },
      ],
    }
  },
})

const flag = (column: string, sql: string) => ({ name: `${column}_outlier`, type: 'bool' as const, sql })
const round = (x: number) => Number(x.toPrecision(6))
const iqr = ([first, third]: number[], factor: number) =>
  [first! - factor * (third! - first!), third! + factor * (third! - first!)] as const
const z3 = ({ mean, deviation }: Record<string, unknown>, factor: number) =>
  [
    Number(mean ?? Number.NaN) - factor * Number(deviation),
    Number(mean ?? Number.NaN) + factor * Number(deviation),
  ] as const
