import { z } from 'zod'
import { defineOperation } from '../../contracts/curation.ts'

export default defineOperation({
  kind: 'filter',
  rowByRow: true,
  title: 'Keep only the rows for which the expression is true; the others are removed and counted',
  config: z.string().min(1).meta({ description: 'expression, for example distance > 0 and origin is not null' }),
  expressions: (text) => [{ path: [], text }],
  compile(text, relation) {
    return {
      columns: relation.columns.map(({ name }) => relation.column(name)),
      verdicts: [
        { when: `NOT ifNull(${relation.condition(text).sql}, false)`, action: 'remove', reason: `not: ${text}` },
      ],
    }
  },
})
