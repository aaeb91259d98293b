import { z } from 'zod'
import { defineExpectation } from '../../contracts/expectation.ts'

export default defineExpectation({
  kind: 'holds',
  title: 'An expression is true in every row, or in most',
  config: z.strictObject({
    that: z.string().min(1).meta({ description: 'expression' }),
    mostly: z.number().min(0).max(1).default(1).meta({ description: 'share of the rows for which it must' }),
  }),
  expressions: ({ that }) => [{ path: ['that'], text: that }],
  statistics: ({ that }, relation) => ({
    rows: 'count()',
    fail: `countIf(NOT ifNull(${relation.condition(that).sql}, false))`,
  }),
  judge({ that, mostly }, statistics) {
    const [rows, fail] = [Number(statistics.rows), Number(statistics.fail)]
    const ok = rows === 0 || fail / rows <= 1 - mostly + 1e-12
    return {
      ok,
      observed: { rows, fail },
      message: ok ? `${that} holds` : `${that} does not hold in ${fail} of ${rows} rows`,
    }
  },
})
