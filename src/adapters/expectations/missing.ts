import { z } from 'zod'
import { defineExpectation } from '../../contracts/expectation.ts'

export default defineExpectation({
  kind: 'missing',
  title: 'The share of rows without a value in a column lies between two bounds',
  config: z.strictObject({
    column: z.string(),
    min: z.number().min(0).max(1).default(0),
    max: z.number().min(0).max(1),
  }),
  statistics: ({ column }, relation) => ({
    rows: 'count()',
    missing: `countIf(${relation.column(column).sql} IS NULL)`,
  }),
  judge({ column, min, max }, { rows, missing }) {
    const share = Number(rows) === 0 ? 0 : Number(missing) / Number(rows)
    const ok = share >= min && share <= max
    return {
      ok,
      observed: share,
      message: `${column} is missing in ${(share * 100).toFixed(2)} % of the rows${ok ? '' : `, not in ${min * 100} to ${max * 100} %`}`,
    }
  },
})
