import { z } from 'zod'
import { defineOperation } from '../../contracts/curation.ts'

const keys = z.array(z.string()).min(1)

export default defineOperation({
  kind: 'deduplicate',
  title: 'Of rows with the same values in these columns keep one; the others are removed and counted',
  config: z.union([
    z.literal('all').meta({ description: 'rows that are equal in every column' }),
    keys,
    z.strictObject({ by: keys, keep: z.enum(['first', 'last']).default('first') }),
  ]),
  compile(config, relation) {
    const { by, keep } =
      config === 'all'
        ? { by: relation.columns.map(({ name }) => name), keep: 'first' as const }
        : Array.isArray(config)
          ? { by: config, keep: 'first' as const }
          : config
    const columns = by.map((name) => relation.column(name).sql)
    const order = keep === 'first' ? 'ASC' : 'DESC'
    // rows that are out already form a partition of their own, so that none of them is the one that is kept
    return {
      columns: relation.columns.map(({ name }) => relation.column(name)),
      verdicts: [
        {
          when: `row_number() OVER (PARTITION BY ${relation.live}, ${columns.join(', ')} ORDER BY ${relation.position} ${order}) > 1`,
          action: 'remove',
          reason: config === 'all' ? 'the same row again' : `the same ${by.join(', ')} again`,
        },
      ],
    }
  },
})
