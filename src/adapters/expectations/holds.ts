import { z } from 'zod'
import { defineRowExpectation } from '../../contracts/expectation.ts'
import { mostly } from '../../contracts/mostly.ts'

export default defineRowExpectation({
  kind: 'holds',
  title: 'An expression is true in every row, or in most',
  config: z.strictObject({ that: z.string().min(1).meta({ description: 'expression' }), mostly }),
  expressions: ({ that }) => [{ path: ['that'], text: that }],
  columns: () => [],
  fails: ({ that }, relation) => `NOT ifNull(${relation.condition(that).sql}, false)`,
  says: ({ that }) => `${that} holds`,
})
