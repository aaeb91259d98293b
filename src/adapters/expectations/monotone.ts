import { z } from 'zod'
import { defineExpectation } from '../../contracts/expectation.ts'

export default defineExpectation({
  kind: 'monotone',
  title: 'The values of a column only rise, or only fall, in the order of the rows (within groups, when named)',
  config: z.strictObject({
    column: z.string(),
    direction: z.enum(['increasing', 'decreasing']).default('increasing'),
    strict: z.boolean().default(false).meta({ description: 'equal neighbours fail too' }),
    by: z.array(z.string()).min(1).optional(),
  }),
  queries({ column, direction, strict, by }, relation) {
    const { sql } = relation.column(column)
    const groups = by?.map((name) => relation.column(name).sql).join(', ')
    const before = `lagInFrame(${sql}) OVER (${groups ? `PARTITION BY ${groups} ` : ''}ORDER BY p.__position ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)`
    const wrong = `v ${direction === 'increasing' ? '<' : '>'}${strict ? '=' : ''} before`
    return {
      turns: `SELECT countIf(before IS NOT NULL AND ${wrong}) AS value FROM (SELECT ${sql} AS v, ${before} AS before FROM ${relation.rows} AS p WHERE ${sql} IS NOT NULL)`,
    }
  },
  judge({ column, direction }, { turns }) {
    const found = Number(turns)
    return {
      ok: found === 0,
      observed: { failing: found },
      message: found === 0 ? `${column} is ${direction}` : `${column} is not ${direction}: ${found} rows turn back`,
    }
  },
})
