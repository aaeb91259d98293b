import { z } from 'zod'
import { defineExpectation } from '../../contracts/expectation.ts'

const sqlOf = {
  min: (x: string) => `min(${x})`,
  max: (x: string) => `max(${x})`,
  mean: (x: string) => `avg(${x})`,
  median: (x: string) => `quantileExactInclusive(0.5)(${x})`,
  deviation: (x: string) => `stddevSamp(${x})`,
  sum: (x: string) => `sum(${x})`,
  skewness: (x: string) => `skewPop(${x})`,
} as const
const counted = ['distinct', 'distinct_share'] as const

export default defineExpectation({
  kind: 'statistic',
  title:
    'A number taken of a whole column lies between two bounds: its mean, median, deviation, sum, distinct values …',
  config: z
    .strictObject({
      column: z.string(),
      of: z.enum([...(Object.keys(sqlOf) as [keyof typeof sqlOf]), ...counted]),
      min: z.number().optional(),
      max: z.number().optional(),
    })
    .refine((config) => config.min !== undefined || config.max !== undefined, 'needs min or max'),
  statistics({ column, of }, relation): Record<string, string> {
    if (of === 'distinct' || of === 'distinct_share') {
      const { sql } = relation.column(column)
      return { distinct: `uniqExact(${sql})`, values: `count(${sql})` }
    }
    return { value: sqlOf[of as keyof typeof sqlOf](relation.number(column)) }
  },
  judge({ column, of, min, max }, { value, distinct, values }) {
    const found =
      of === 'distinct'
        ? Number(distinct)
        : of === 'distinct_share'
          ? Number(values) === 0
            ? 0
            : Number(distinct) / Number(values)
          : value === null
            ? null
            : Number(value)
    const ok = found === null || ((min === undefined || found >= min) && (max === undefined || found <= max))
    return {
      ok,
      observed: found,
      message:
        found === null
          ? `${column} has no ${of}: no values`
          : `The ${of} of ${column} is ${Number(found.toPrecision(8))}${ok ? '' : `, not in [${min ?? '−∞'}, ${max ?? '∞'}]`}`,
    }
  },
})
