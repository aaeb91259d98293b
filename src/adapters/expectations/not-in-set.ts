import { z } from 'zod'
import { defineRowExpectation } from '../../contracts/expectation.ts'
import { mostly } from '../../contracts/mostly.ts'

export default defineRowExpectation({
  kind: 'not_in_set',
  title: 'A column has none of these values',
  config: z.strictObject({
    column: z.string(),
    values: z
      .array(z.union([z.string(), z.number(), z.boolean()]))
      .min(1)
      .max(10_000),
    mostly,
  }),
  columns: ({ column }) => [column],
  fails({ column, values }, relation) {
    const { sql, type } = relation.column(column)
    return `${sql} IN (${values.map((value) => relation.literal(value, type)).join(', ')})`
  },
  says: ({ values }) => `is none of ${values.slice(0, 5).join(', ')}${values.length > 5 ? ' …' : ''}`,
})
