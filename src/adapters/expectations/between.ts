import { z } from 'zod'
import { defineRowExpectation } from '../../contracts/expectation.ts'
import { mostly } from '../../contracts/mostly.ts'

const bound = z.union([z.number(), z.string()])

export default defineRowExpectation({
  kind: 'between',
  title: 'The values of a column lie between two bounds (both inclusive)',
  config: z
    .strictObject({
      column: z.string(),
      min: bound.optional(),
      max: bound.optional(),
      strict: z.boolean().default(false).meta({ description: 'the bounds themselves are outside' }),
      mostly,
    })
    .refine((config) => config.min !== undefined || config.max !== undefined, 'needs min or max'),
  columns: ({ column }) => [column],
  fails({ column, min, max, strict }, relation) {
    const { sql, type } = relation.column(column)
    const equal = strict ? '=' : ''
    return [
      ...(min === undefined ? [] : [`${sql} <${equal} ${relation.literal(min, type)}`]),
      ...(max === undefined ? [] : [`${sql} >${equal} ${relation.literal(max, type)}`]),
    ].join(' OR ')
  },
  says: ({ min, max, strict }) => `lies in ${strict ? '(' : '['}${min ?? '−∞'}, ${max ?? '∞'}${strict ? ')' : ']'}`,
  observes({ column }, relation): Record<string, string> {
    const { sql } = relation.column(column)
    return { least: `toString(min(${sql}))`, most: `toString(max(${sql}))` }
  },
})
