import { z } from 'zod'
import { defineExpectation } from '../../contracts/expectation.ts'

export default defineExpectation({
  kind: 'same_row_count',
  title: 'The version has as many rows as the newest published version of another dataset',
  config: z.strictObject({
    dataset: z.string(),
    factor: z.number().positive().default(1).meta({ description: 'so many times as many' }),
    tolerance: z.number().min(0).max(1).default(0).meta({ description: 'share that they may differ by' }),
  }),
  datasets: ({ dataset }) => [dataset],
  statistics: () => ({ rows: 'count()' }),
  queries: ({ dataset }, relation) => ({ other: `SELECT toUInt64(${relation.other(dataset).rows}) AS value` }),
  judge({ dataset, factor, tolerance }, { rows, other }) {
    const wanted = Number(other) * factor
    const ok = Math.abs(Number(rows) - wanted) <= wanted * tolerance + 1e-9
    return {
      ok,
      observed: { rows: Number(rows), other: Number(other) },
      message: `${rows} rows, ${dataset} has ${other}${ok ? '' : `, so ${wanted} were expected`}`,
    }
  },
})
