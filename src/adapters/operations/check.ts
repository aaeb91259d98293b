import { z } from 'zod'
import { defineOperation } from '../../contracts/curation.ts'

export default defineOperation({
  kind: 'check',
  rowByRow: true,
  title: 'Quarantine the rows for which the expression is not true',
  config: z.strictObject({
    that: z.string().min(1).meta({ description: 'expression that a good row fulfils' }),
    reason: z.string().min(1).max(200).optional(),
    column: z.string().optional().meta({ description: 'whose value is shown with the reason' }),
  }),
  expressions: ({ that }) => [{ path: ['that'], text: that }],
  compile(config, relation) {
    return {
      columns: relation.columns.map(({ name }) => relation.column(name)),
      verdicts: [
        {
          when: `NOT ifNull(${relation.condition(config.that).sql}, false)`,
          action: 'quarantine',
          reason: config.reason ?? `not: ${config.that}`,
          ...(config.column ? { value: relation.column(config.column).sql } : {}),
        },
      ],
    }
  },
})
