import { z } from 'zod'
import { defineRowExpectation } from '../../contracts/expectation.ts'
import { mostly } from '../../contracts/mostly.ts'

export default defineRowExpectation({
  kind: 'unique_within_row',
  title: 'In each row these columns have different values',
  config: z.strictObject({ columns: z.array(z.string()).min(2).max(100), mostly }),
  columns: ({ columns }) => columns,
  fails({ columns }, relation) {
    const values = columns.map((name) => `assumeNotNull(toString(${relation.column(name).sql}))`)
    return `length(arrayDistinct([${values.join(', ')}])) < ${columns.length}`
  },
  says: () => 'differ from each other',
})
