import { z } from 'zod'
import { defineRowExpectation } from '../../contracts/expectation.ts'
import { mostly } from '../../contracts/mostly.ts'

const size = z.number().int().min(0)

export default defineRowExpectation({
  kind: 'length',
  title: 'The texts of a column have so many characters',
  config: z
    .strictObject({ column: z.string(), min: size.optional(), max: size.optional(), mostly })
    .refine((config) => config.min !== undefined || config.max !== undefined, 'needs min or max'),
  columns: ({ column }) => [column],
  fails({ column, min, max }, relation) {
    const { sql, type } = relation.column(column)
    if (type !== 'text') relation.fail(`${column} is ${type}, not a text`, column)
    return `lengthUTF8(${sql}) < ${min ?? 0}${max === undefined ? '' : ` OR lengthUTF8(${sql}) > ${max}`}`
  },
  says: ({ min, max }) => `has ${min === max ? min : `${min ?? 0} to ${max ?? '∞'}`} characters`,
  observes: ({ column }, relation): Record<string, string> => ({
    shortest: `min(lengthUTF8(${relation.column(column).sql}))`,
    longest: `max(lengthUTF8(${relation.column(column).sql}))`,
  }),
})
