import { z } from 'zod'
import { defineExpectation } from '../../contracts/expectation.ts'

export default defineExpectation({
  kind: 'in_set',
  title: 'A column has only these values',
  config: z.strictObject({
    column: z.string(),
    values: z
      .array(z.union([z.string(), z.number(), z.boolean()]))
      .min(1)
      .max(10_000),
    mostly: z.number().min(0).max(1).default(1).meta({ description: 'share of the values that must' }),
  }),
  statistics({ column, values }, relation) {
    const { sql, type } = relation.column(column)
    const other = `${sql} NOT IN (${values.map((value) => relation.literal(value, type)).join(', ')})`
    return {
      values: `count(${sql})`,
      others: `countIf(${other})`,
      examples: `groupUniqArrayIf(5)(toString(${sql}), ifNull(${other}, false))`,
    }
  },
  judge({ column, mostly }, statistics) {
    const [values, others] = [Number(statistics.values), Number(statistics.others)]
    const ok = values === 0 || others / values <= 1 - mostly + 1e-12
    const examples = [...(statistics.examples as string[])].sort()
    return {
      ok,
      observed: { values, others, examples },
      message: ok
        ? `${column} has only known values`
        : `${others} of ${values} values of ${column} are not in the set, for example ${examples.join(', ')}`,
    }
  },
})
