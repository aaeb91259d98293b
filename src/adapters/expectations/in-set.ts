import { z } from 'zod'
import { defineRowExpectation } from '../../contracts/expectation.ts'
import { mostly } from '../../contracts/mostly.ts'

const values = z
  .array(z.union([z.string(), z.number(), z.boolean()]))
  .min(1)
  .max(10_000)

export default defineRowExpectation({
  kind: 'in_set',
  title: 'A column has only these values',
  config: z.strictObject({ column: z.string(), values, mostly }),
  columns: ({ column }) => [column],
  fails({ column, values: given }, relation) {
    const { sql, type } = relation.column(column)
    return `${sql} NOT IN (${given.map((value) => relation.literal(value, type)).join(', ')})`
  },
  says: () => 'is in the set',
  observes({ column, values: given }, relation): Record<string, string> {
    const { sql, type } = relation.column(column)
    const other = `${sql} NOT IN (${given.map((value) => relation.literal(value, type)).join(', ')})`
    return { examples: `arraySort(groupUniqArrayIf(5)(toString(${sql}), ifNull(${other}, false)))` }
  },
})
