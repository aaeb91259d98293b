import { z } from 'zod'
import { defineExpectation } from '../../contracts/expectation.ts'

const range = z.tuple([z.number().nullable(), z.number().nullable()])

export default defineExpectation({
  kind: 'quantiles',
  title: 'Quantiles of a column lie between bounds',
  config: z.strictObject({
    column: z.string(),
    values: z
      .record(z.string().regex(/^(0(\.\d+)?|1(\.0+)?)$/, 'is no share such as 0.95'), range)
      .meta({ description: 'share: [least, most], null for no bound; for example 0.5: [10, 20]' }),
  }),
  statistics: ({ column, values }, relation) => ({
    quantiles: `quantilesExactInclusive(${Object.keys(values).join(', ')})(${relation.number(column)})`,
  }),
  judge({ column, values }, { quantiles }) {
    const found = (quantiles ?? []) as (number | null)[]
    const wrong = Object.entries(values).flatMap(([share, [least, most]], i) => {
      const value = found[i]
      if (value === null || value === undefined) return []
      return (least !== null && value < least) || (most !== null && value > most)
        ? [
            `the quantile ${share} of ${column} is ${Number(value.toPrecision(8))}, not in [${least ?? '−∞'}, ${most ?? '∞'}]`,
          ]
        : []
    })
    return {
      ok: wrong.length === 0,
      observed: found,
      message: wrong.length === 0 ? `The quantiles of ${column} are as expected` : wrong.join('; '),
    }
  },
})
