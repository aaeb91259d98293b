import { z } from 'zod'
import { defineExpectation } from '../../contracts/expectation.ts'

export default defineExpectation({
  kind: 'unique',
  title: 'No two rows have the same values in these columns',
  config: z.union([z.string().transform((name) => [name]), z.array(z.string()).min(1)]),
  statistics: (columns, relation) => ({
    rows: 'count()',
    distinct: `uniqExact(tuple(${columns.map((name) => relation.column(name).sql).join(', ')}))`,
  }),
  judge(columns, { rows, distinct }) {
    const again = Number(rows) - Number(distinct)
    return {
      ok: again === 0,
      observed: { duplicates: again },
      message:
        again === 0 ? `${columns.join(', ')} is unique` : `${again} rows repeat the ${columns.join(', ')} of another`,
    }
  },
})
