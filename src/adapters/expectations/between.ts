import { z } from 'zod'
import { defineExpectation } from '../../contracts/expectation.ts'

const bound = z.union([z.number(), z.string()])

export default defineExpectation({
  kind: 'between',
  title: 'The values of a column lie between two bounds (both inclusive)',
  config: z
    .strictObject({
      column: z.string(),
      min: bound.optional(),
      max: bound.optional(),
      mostly: z.number().min(0).max(1).default(1).meta({ description: 'share of the values that must' }),
    })
    .refine((config) => config.min !== undefined || config.max !== undefined, 'needs min or max'),
  statistics({ column, min, max }, relation) {
    const { sql, type } = relation.column(column)
    const outside = [
      ...(min === undefined ? [] : [`${sql} < ${relation.literal(min, type)}`]),
      ...(max === undefined ? [] : [`${sql} > ${relation.literal(max, type)}`]),
    ]
    return {
      values: `count(${sql})`,
      outside: `countIf(${outside.join(' OR ')})`,
      least: `toString(min(${sql}))`,
      most: `toString(max(${sql}))`,
    }
  },
  judge({ column, min, max, mostly }, { values, outside, least, most }) {
    const share = Number(values) === 0 ? 0 : Number(outside) / Number(values)
    const ok = share <= 1 - mostly + 1e-12
    const bounds = `[${min ?? '−∞'}, ${max ?? '∞'}]`
    return {
      ok,
      observed: { outside: Number(outside), values: Number(values), least, most },
      message: ok
        ? `${column} lies in [${least}, ${most}]`
        : `${outside} of ${values} values of ${column} lie outside of ${bounds}; found [${least}, ${most}]`,
    }
  },
})
